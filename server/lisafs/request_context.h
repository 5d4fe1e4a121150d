// RequestContext: one request on its way through a handler.

#ifndef GOFER_SERVER_LISAFS_REQUEST_CONTEXT_H_
#define GOFER_SERVER_LISAFS_REQUEST_CONTEXT_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>

#include "absl/strings/string_view.h"
#include "server/base/brief_closes.h"
#include "server/base/check.h"
#include "server/base/errno.h"
#include "server/base/unique_fd.h"
#include "server/comm/communicator.h"
#include "server/lisafs/connection.h"
#include "server/lisafs/connection_stats.h"
#include "server/lisafs/handler_table.h"
#include "server/lisafs/interceptor.h"
#include "server/lisafs/options.h"
#include "server/lisafs/server.h"
#include "server/wire/decode.h"
#include "server/wire/encode.h"
#include "server/wire/inode.h"
#include "server/wire/layout.h"
#include "server/wire/message_id.h"

namespace gofer::lisafs {

// Lives on the stack of the pathway's thread for the length of one request. A
// handler parses, then works, then replies; it may reply once.
class RequestContext {
 public:
  RequestContext(Connection& connection, comm::Communicator& communicator,
                 const comm::Request& request, const HandlerTable& table,
                 PathwayStats& stats)
      : connection_(connection),
        communicator_(communicator),
        request_(request),
        table_(table),
        stats_(stats) {}

  ~RequestContext() { CloseOwned(); }
  RequestContext(const RequestContext&) = delete;
  RequestContext& operator=(const RequestContext&) = delete;

  Connection& connection() const { return connection_; }
  Server& server() const { return connection_.server(); }
  FdTable& fds() const { return connection_.fds(); }
  const ConnectionOptions& options() const { return connection_.options(); }
  comm::Communicator& communicator() const { return communicator_; }
  uint16_t message() const { return request_.message; }
  uint32_t payload_len() const { return request_.payload_len; }
  // The table that serves this request.
  const HandlerTable& table() const { return table_; }

  // The request as a T; its strings and arrays stay valid until the request is
  // answered. Errors: EIO when the payload is too short, ENOMEM.
  template <class T>
  base::ErrnoOr<T> Parse() {
    const size_t wanted = wire::kIsStatic<T> ? wire::kMinSize<T> : SIZE_MAX;
    auto payload = Prefix(wanted);
    if (!payload.ok()) return payload.error();
    return wire::Decode<T>(*payload);
  }

  // As Communicator::Prefix, but bytes that were copied before are not copied
  // again: what an interceptor saw is what the handler sees.
  base::ErrnoOr<std::span<const std::byte>> Prefix(size_t n) {
    n = std::min<size_t>(n, request_.payload_len);
    if (n > prefix_.size()) {
      const auto copied = communicator_.Prefix(n);
      if (!copied.ok()) return copied.error();
      prefix_ = *copied;
    }
    return prefix_.first(n);
  }

  // Encodes `response` as the answer and returns its length.
  template <class T>
  base::ErrnoOr<size_t> Reply(const T& response) {
    const size_t size = wire::EncodedSize(response);
    auto room = ResponseRoom(size);
    if (!room.ok()) return room.error();
    return wire::Encode(response, *room);
  }

  // Write-only memory for an answer of up to `size` bytes. Errors: EIO when
  // that is more than a message may have, ENOMEM.
  base::ErrnoOr<std::span<std::byte>> ResponseRoom(size_t size) {
    if (size > connection_.max_message_size()) return base::Errno(EIO);
    return communicator_.Response(size);
  }

  // Names a new control FD and makes it the client's.
  wire::Inode Publish(ControlFdAndStat made) {
    const wire::Statx stat = made.stat;
    return wire::Inode{fds().Insert(std::move(made.fd)), stat};
  }

  // Closes `fd` once the request is answered. At most one per request.
  void CloseLater(base::UniqueFd fd) { closed_later_ = std::move(fd); }

  // FOR INTERCEPTORS

  // As Connection::Hold, telling meanwhile that `holder` holds the request.
  base::ErrnoOr<void> Hold(absl::string_view holder, uint64_t deadline_ns,
                           const std::function<bool()>& done) {
    stats_.SetHolder(holder);
    const auto held = connection_.Hold(communicator_.kind(), deadline_ns, done);
    stats_.SetHolder(absl::string_view());
    return held;
  }

  // WHAT THE INTERCEPTOR SAID

  void ApplyVerdict(const Verdict& verdict) {
    max_io_bytes_ = verdict.max_io_bytes;
    using Id = wire::MessageId;
    const auto id = static_cast<Id>(request_.message);
    refuse_fds_ =
        verdict.refuse_fd_donation &&
        (id == Id::kMount || id == Id::kOpenAt || id == Id::kOpenCreateAt);
  }
  // Returns how many of `wanted` bytes a read or write may move.
  size_t LimitIoBytes(size_t wanted) const {
    return static_cast<size_t>(std::min<uint64_t>(wanted, max_io_bytes_));
  }

  // THE ANSWER'S DESCRIPTORS

  // Sends `fd` with the answer if the request succeeds; does nothing if `fd` is
  // invalid. At most two per request. Closes `fd` when the client may not have
  // it.
  void Donate(base::UniqueFd fd) {
    if (!fd.valid() || refuse_fds_) return;
    GOFER_CHECK(donation_count_ < donations_.size());
    donations_[donation_count_] = fd.get();
    owned_donations_[donation_count_++] = std::move(fd);
  }
  // Sends a copy of `fd`, which belongs to `lender` and has O_NONBLOCK set.
  // `lender` is kept until the answer is sent. At most once per request, and
  // counts as a donation.
  void Lend(base::RefPtr<Fd> lender, int fd) {
    if (refuse_fds_) return;
    GOFER_CHECK(!lender_ && donation_count_ < donations_.size());
    donations_[donation_count_++] = fd;
    lender_ = std::move(lender);
  }
  // The donations that are ours; invalid in the place of a lent FD.
  std::span<const base::UniqueFd> owned_donations() const {
    return {owned_donations_.data(), donation_count_};
  }
  // All donations, borrowed.
  std::span<const int> donations() const {
    return {donations_.data(), donation_count_};
  }
  void DropDonations() {
    CloseOwned();
    lender_.reset();
    donation_count_ = 0;
  }

 private:
  // A donated socket that its client has not taken may be the last one with
  // what its peer has sent: descriptors whose close lingers.
  void CloseOwned() {
    if (!owned_donations_[0].valid() && !owned_donations_[1].valid()) return;
    const base::BriefCloses brief;
    for (base::UniqueFd& fd : owned_donations_) fd.reset();
  }

  Connection& connection_;
  comm::Communicator& communicator_;
  const comm::Request request_;
  const HandlerTable& table_;
  PathwayStats& stats_;
  // The bytes of the payload that have been copied so far.
  std::span<const std::byte> prefix_;
  uint64_t max_io_bytes_ = UINT64_MAX;
  bool refuse_fds_ = false;
  base::UniqueFd closed_later_;
  // Invalid where donations_ has a lent FD.
  std::array<base::UniqueFd, 2> owned_donations_;
  base::RefPtr<Fd> lender_;
  std::array<int, 2> donations_ = {};
  size_t donation_count_ = 0;
};

}  // namespace gofer::lisafs

#endif  // GOFER_SERVER_LISAFS_REQUEST_CONTEXT_H_
