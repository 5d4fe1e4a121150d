// Session: one LISAFS connection as the handles on its files see it. Makes RPCs
// and collects closes.

#ifndef GOFER_CLIENTS_LISAFS_SESSION_H_
#define GOFER_CLIENTS_LISAFS_SESSION_H_

#include <array>
#include <bitset>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "clients/lisafs/close_batch.h"
#include "clients/lisafs/hangup_watch.h"
#include "clients/lisafs/pathway_pool.h"
#include "server/base/errno.h"
#include "server/base/unique_fd.h"
#include "server/comm/byte_buffer.h"
#include "server/comm/client_communicator.h"
#include "server/wire/decode.h"
#include "server/wire/encode.h"
#include "server/wire/limits.h"
#include "server/wire/message_list.h"

namespace gofer::client {

// Whether `kId` is the message of these types.
template <wire::MessageId kId, class Request, class Response>
consteval bool AreTypesOf() {
  bool are = false;
  wire::ForEachMessage([&are]<class Row>() {
    if (Row::kId == kId) {
      are = std::is_same_v<typename Row::Request, Request> &&
            std::is_same_v<typename Row::Response, Response>;
    }
  });
  return are;
}

// A response and the descriptors that came with it, at most as many as the
// message may carry.
template <class Response>
struct Donated {
  Response message;
  std::vector<base::UniqueFd> fds;
};

// Shared by the Client and all its handles. Thread-safe.
//
// Errors of all calls: the errno that the server answered; EOPNOTSUPP when it
// has not announced the message (nothing is sent); EIO when the request is
// longer than the maximum (nothing is sent), the response is longer or does not
// parse, or the transport failed; ENOMEM; EPROTO when the answer is to another
// message; ECONNRESET when the connection had ended before. Calls cannot be
// interrupted and have no timeout, but none outlasts the server. Source: gVisor
// pkg/lisafs/client.go, Nov 2023.
class Session {
 public:
  // A server with a smaller maximum cannot answer a walk; it is refused.
  static constexpr uint32_t kMinMessageSize = 512;
  // Requests of up to this size are encoded on the stack.
  static constexpr size_t kUsualRequestBytes = 512;

  // `socket`: connected, AF_UNIX, SOCK_STREAM; made blocking. Only Mount is
  // possible before Agree. Errors: those of HangupWatch::Start and of fcntl.
  static base::ErrnoOr<std::shared_ptr<Session>> Open(base::UniqueFd socket);

  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() = default;

  // Takes over what Mount answered. Called once, before another thread uses the
  // session. Errors: EPROTO for a maximum that is too small to work with.
  base::ErrnoOr<void> Agree(uint32_t max_message_size,
                            const wire::Array<uint16_t>& supported);

  // Bytes of payload, either way.
  uint32_t max_message_size() const { return max_message_size_; }
  bool Supports(wire::MessageId id) const {
    return supported_.test(static_cast<size_t>(id));
  }
  PathwayPool& pathways() { return pathways_; }

  // Response: without strings and arrays.
  template <wire::MessageId kId, class Response, class Request>
  base::ErrnoOr<Response> Call(const Request& request) {
    auto answer = CallForFds<kId, Response>(request);
    if (!answer.ok()) return answer.error();
    return answer->message;
  }
  template <wire::MessageId kId, class Request>
  base::ErrnoOr<void> CallVoid(const Request& request) {
    auto answer = CallForFds<kId, wire::EmptyMessage>(request);
    if (!answer.ok()) return answer.error();
    return {};
  }
  template <wire::MessageId kId, class Response, class Request>
  base::ErrnoOr<Donated<Response>> CallForFds(const Request& request) {
    static_assert(wire::kIsStatic<Response>);
    Donated<Response> answer;
    auto called = CallAndRead<kId, Response>(
        request, {},
        [&answer](const Response& response,
                  std::span<const std::byte>) -> base::ErrnoOr<void> {
          answer.message = response;
          return {};
        },
        &answer.fds);
    if (!called.ok()) return called.error();
    return answer;
  }

  // Any Response. `bulk` follows the request. `read(response, payload)` copies
  // out what it needs, because both are gone when it has returned; its error is
  // the call's. It holds a pathway: it must make no call, and so must not
  // destroy a handle. `fds` (may be null) takes descriptors on success.
  template <wire::MessageId kId, class Response, class Request, class Read>
  base::ErrnoOr<void> CallAndRead(const Request& request,
                                  std::span<const std::byte> bulk, Read read,
                                  std::vector<base::UniqueFd>* fds = nullptr) {
    static_assert(AreTypesOf<kId, Request, Response>());
    const size_t size = wire::EncodedSize(request);
    if (size > max_message_size_) return base::Errno(EIO);
    std::array<std::byte, kUsualRequestBytes> usual;
    comm::ByteBuffer large;
    std::span<std::byte> head = usual;
    if (size > usual.size()) {
      if (auto room = large.Reserve(size, 0); !room.ok()) return room.error();
      head = large.span(0, size);
    }
    const auto encoded = wire::Encode(request, head);
    if (!encoded.ok()) return encoded.error();
    return RoundTrip(
        kId, head.first(*encoded), bulk,
        [&read](std::span<const std::byte> payload) -> base::ErrnoOr<void> {
          const auto response = wire::Decode<Response>(payload);
          if (!response.ok()) return response.error();
          return read(*response, payload);
        },
        fds);
  }

  // Closes `id` with a later batch; the call that fills the batch makes the
  // RPC. A failure is only logged: the server frees all FDs when the connection
  // ends.
  void QueueClose(wire::FdId id);
  // Closes the queued FDIDs now.
  base::ErrnoOr<void> FlushCloses();

 private:
  using ReadPayload =
      absl::FunctionRef<base::ErrnoOr<void>(std::span<const std::byte>)>;

  explicit Session(base::UniqueFd socket);

  base::ErrnoOr<void> RoundTrip(wire::MessageId id,
                                std::span<const std::byte> head,
                                std::span<const std::byte> bulk,
                                ReadPayload read,
                                std::vector<base::UniqueFd>* fds);
  base::ErrnoOr<void> CheckResponse(wire::MessageId id,
                                    const comm::Response& response) const;
  base::ErrnoOr<void> SendClose(const std::vector<wire::FdId>& ids);

  // Constant once Agree has returned.
  uint32_t max_message_size_ = wire::kMaxMessageSize;
  std::bitset<wire::kMessageIdCount> supported_;

  PathwayPool pathways_;
  CloseBatch closes_;
  std::unique_ptr<HangupWatch> watch_;  // Last: its thread uses pathways_.
};

}  // namespace gofer::client

#endif  // GOFER_CLIENTS_LISAFS_SESSION_H_
