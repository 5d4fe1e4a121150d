#include "clients/admin/attach_client.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "clients/admin/error_details.h"
#include "controlplane/attach_record/attach_record.h"
#include "goferd/admin/v1/error_reason.pb.h"
#include "google/rpc/error_details.pb.h"
#include "server/base/syscall.h"
#include "server/uds/fd_message.h"
#include "server/uds/unix_socket.h"

namespace goferd::client {
namespace {

using attach_record::AttachAnswer;
using attach_record::AttachOp;
using attach_record::AttachRequest;
using gofer::base::Errno;
using gofer::base::ErrnoOr;
using gofer::base::UniqueFd;
using gofer::uds::FdMessage;

// Before the first repetition; it doubles.
constexpr absl::Duration kFirstPause = absl::Milliseconds(50);

absl::Status Failed(const std::string& path, Errno error) {
  switch (error.number()) {
    case ENOENT:
    case ECONNREFUSED:
    case ECONNRESET:
    case EPIPE:
      return absl::UnavailableError(
          absl::StrCat("nobody serves the attach socket ", path, ": ",
                       std::strerror(error.number())));
    case EAGAIN:
      return absl::DeadlineExceededError(
          absl::StrCat("the attach socket ", path, " does not answer"));
    default:
      return absl::ErrnoToStatus(error.number(),
                                 absl::StrCat("attach socket ", path));
  }
}

absl::Status SetTimeout(int socket, absl::Duration timeout) {
  // A timeout of 0 would wait for ever.
  const timeval time =
      absl::ToTimeval(std::max(timeout, absl::Microseconds(1)));
  for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO}) {
    if (::setsockopt(socket, SOL_SOCKET, option, &time, sizeof(time)) != 0) {
      return absl::ErrnoToStatus(errno, "setsockopt");
    }
  }
  return absl::OkStatus();
}

// `shown` stands for `path` in errors, which people read.
absl::StatusOr<UniqueFd> Connect(const std::string& path,
                                 const std::string& shown, int type,
                                 absl::Duration timeout) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", shown, "\" cannot be the path of a UNIX socket"));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  UniqueFd socket(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  if (!socket) return absl::ErrnoToStatus(errno, "socket");
  if (auto set = SetTimeout(socket.get(), timeout); !set.ok()) return set;
  const auto connected = gofer::base::SyscallVoid([&] {
    return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address),
                     sizeof(address));
  });
  if (!connected.ok()) return Failed(shown, connected.error());
  return socket;
}

absl::Status StatusOf(const AttachAnswer& answer) {
  constexpr uint32_t kLastCode = 16;
  if (answer.status == 0) return absl::OkStatus();
  absl::Status status(answer.status <= kLastCode
                          ? static_cast<absl::StatusCode>(answer.status)
                          : absl::StatusCode::kUnknown,
                      answer.text);
  const auto& reason = admin::v1::ErrorReason_Name(
      static_cast<admin::v1::ErrorReason>(answer.reason));
  if (answer.reason != 0 && !reason.empty()) {
    google::rpc::ErrorInfo info;
    info.set_reason(reason);
    info.set_domain("goferd");
    status.SetPayload("type.googleapis.com/google.rpc.ErrorInfo",
                      absl::Cord(info.SerializeAsString()));
  }
  return status;
}

// What was answered stays readable when the other side has hung up. The kernel
// tells first, and once, that it did so without reading all that we sent.
ErrnoOr<FdMessage> ReceiveAnswer(int socket, std::span<std::byte> bytes,
                                 size_t wanted_fds) {
  auto received =
      gofer::uds::ReceiveWithFds(socket, bytes, wanted_fds, MSG_TRUNC);
  if (!received.ok() && received.error() == Errno(ECONNRESET)) {
    received = gofer::uds::ReceiveWithFds(socket, bytes, wanted_fds, MSG_TRUNC);
  }
  if (received.ok() && received->byte_count == 0) return Errno(ECONNRESET);
  return received;
}

// `sent` is what became of the request. goferd may have refused a request that
// could not be sent whole, so its answer is read in either case.
absl::StatusOr<std::vector<UniqueFd>> ReadAnswer(const std::string& path,
                                                 int socket,
                                                 const ErrnoOr<size_t>& sent,
                                                 size_t wanted_fds) {
  std::array<std::byte, attach_record::kMaxAnswerBytes> bytes;
  auto received = ReceiveAnswer(socket, bytes, wanted_fds);
  if (!received.ok()) {
    return Failed(path, sent.ok() ? received.error() : sent.error());
  }
  const auto wrong = absl::InternalError(
      absl::StrCat("the attach socket ", path, " sent a malformed answer"));
  if (received->byte_count > bytes.size()) return wrong;
  const auto answer = attach_record::DecodeAnswer(absl::string_view(
      reinterpret_cast<const char*>(bytes.data()), received->byte_count));
  if (!answer.has_value()) return wrong;
  if (auto status = StatusOf(*answer); !status.ok()) return status;
  if (!sent.ok()) return Failed(path, sent.error());
  const size_t count = received->fds.size();
  if (answer->fd_count != count || count != wanted_fds) return wrong;
  for (const UniqueFd& fd : received->fds) {
    if (!gofer::uds::CheckConnected(fd.get(), gofer::uds::SocketType::kStream)
             .ok()) {
      return wrong;
    }
  }
  return std::move(received->fds);
}

bool HasHungUp(Errno error) {
  return error == Errno(EPIPE) || error == Errno(ECONNRESET);
}

absl::StatusOr<std::vector<UniqueFd>> ExchangeOnce(const std::string& path,
                                                   absl::Duration timeout,
                                                   const std::string& packet,
                                                   std::span<const int> fds,
                                                   size_t wanted_fds) {
  const auto socket = Connect(path, path, SOCK_SEQPACKET, timeout);
  if (!socket.ok()) return socket.status();
  const auto sent = gofer::uds::SendWithFds(
      socket->get(), std::as_bytes(std::span(packet.data(), packet.size())),
      fds, 0);
  if (!sent.ok() && !HasHungUp(sent.error())) {
    return Failed(path, sent.error());
  }
  return ReadAnswer(path, socket->get(), sent, wanted_fds);
}

absl::StatusOr<std::string> PacketOf(AttachOp op,
                                     std::span<const std::string> tickets) {
  auto packet =
      attach_record::EncodeRequest({op, {tickets.begin(), tickets.end()}});
  if (packet.has_value()) return *std::move(packet);
  return absl::InvalidArgumentError(
      absl::StrCat("1 to ", attach_record::kMaxTickets, " tickets of ",
                   attach_record::kTicketSize, " bytes each are needed"));
}

}  // namespace

absl::StatusOr<std::vector<UniqueFd>> AttachClient::Exchange(
    const std::string& packet, std::span<const int> fds,
    size_t wanted_fds) const {
  const absl::Time end = absl::Now() + patience_;
  for (absl::Duration pause = kFirstPause;; pause *= 2) {
    auto got = ExchangeOnce(path_, timeout_, packet, fds, wanted_fds);
    const bool was_full =
        DetailsOf(got.status()).reason == admin::v1::PROCESS_LIMIT;
    if (!was_full || absl::Now() + pause >= end) return got;
    absl::SleepFor(pause);
  }
}

absl::StatusOr<std::vector<UniqueFd>> AttachClient::Take(
    std::span<const std::string> tickets) const {
  const auto packet = PacketOf(AttachOp::kTake, tickets);
  if (!packet.ok()) return packet.status();
  return Exchange(*packet, {}, tickets.size());
}

absl::Status AttachClient::Give(std::span<const std::string> tickets,
                                std::span<const int> fds) const {
  if (tickets.size() != fds.size()) {
    return absl::InvalidArgumentError("as many sockets as tickets are needed");
  }
  const auto packet = PacketOf(AttachOp::kGive, tickets);
  if (!packet.ok()) return packet.status();
  return Exchange(*packet, fds, 0).status();
}

absl::StatusOr<UniqueFd> AttachClient::ConnectToListener() const {
  // Whoever knows the name can connect, so errors do not contain it.
  const std::string shown = path_.substr(0, path_.rfind('/') + 1) + "...";
  auto socket = Connect(path_, shown, SOCK_STREAM, timeout_);
  if (!socket.ok()) return socket.status();
  const timeval forever = {};
  for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO}) {
    if (::setsockopt(socket->get(), SOL_SOCKET, option, &forever,
                     sizeof(forever)) != 0) {
      return absl::ErrnoToStatus(errno, "setsockopt");
    }
  }
  return socket;
}

}  // namespace goferd::client
