#include "clients/lisafs/session.h"

#include <fcntl.h>

#include <algorithm>

#include "server/base/log.h"
#include "server/base/syscall.h"

namespace gofer::client {
namespace {

// The kernel's MAX_ERRNO.
constexpr uint32_t kMaxErrno = 4095;

base::Errno ErrorOf(std::span<const std::byte> payload) {
  const auto error = wire::Decode<wire::ErrorResp>(payload);
  if (!error.ok()) return error.error();
  if (error->error == 0 || error->error > kMaxErrno) return base::Errno(EIO);
  return base::Errno(static_cast<int>(error->error));
}

base::ErrnoOr<void> MakeBlocking(int fd) {
  const auto flags = base::Syscall([fd] { return ::fcntl(fd, F_GETFL); });
  if (!flags.ok()) return flags.error();
  if ((*flags & O_NONBLOCK) == 0) return {};
  return base::SyscallVoid(
      [&] { return ::fcntl(fd, F_SETFL, *flags & ~O_NONBLOCK); });
}

}  // namespace

base::ErrnoOr<std::shared_ptr<Session>> Session::Open(base::UniqueFd socket) {
  if (auto made = MakeBlocking(socket.get()); !made.ok()) return made.error();
  std::shared_ptr<Session> session(new Session(std::move(socket)));
  auto watch = HangupWatch::Start(
      session->pathways_.socket_fd(),
      [pathways = &session->pathways_] { pathways->Shutdown(); });
  if (!watch.ok()) return watch.error();
  session->watch_ = *std::move(watch);
  return session;
}

Session::Session(base::UniqueFd socket) : pathways_(std::move(socket)) {
  supported_.set(static_cast<size_t>(wire::MessageId::kMount));
}

base::ErrnoOr<void> Session::Agree(uint32_t max_message_size,
                                   const wire::Array<uint16_t>& supported) {
  if (max_message_size < kMinMessageSize) return base::Errno(EPROTO);
  max_message_size_ = std::min(max_message_size, wire::kMaxMessageSize);
  supported_.reset();
  for (const uint16_t mid : supported) {
    if (mid < wire::kMessageIdCount) supported_.set(mid);
  }
  return {};
}

base::ErrnoOr<void> Session::RoundTrip(wire::MessageId id,
                                       std::span<const std::byte> head,
                                       std::span<const std::byte> bulk,
                                       ReadPayload read,
                                       std::vector<base::UniqueFd>* fds) {
  if (!Supports(id)) return base::Errno(EOPNOTSUPP);
  if (bulk.size() > max_message_size_ - head.size()) return base::Errno(EIO);
  auto lease = pathways_.Acquire();
  if (!lease.ok()) return lease.error();
  auto response =
      (*lease)->RoundTrip(static_cast<uint16_t>(id), head, bulk,
                          fds == nullptr ? 0 : wire::RowOf(id).max_fds);
  if (!response.ok()) {
    // EMSGSIZE: the window is smaller than the maximum; nothing was sent.
    if (response.error() != base::Errno(EMSGSIZE)) lease->MarkDead();
    return base::Errno(EIO);
  }
  auto checked = CheckResponse(id, *response);
  if (checked.ok()) checked = read(response->payload);
  if (checked.ok() && fds != nullptr) *fds = std::move(response->fds);
  return checked;
}

base::ErrnoOr<void> Session::CheckResponse(
    wire::MessageId id, const comm::Response& response) const {
  if (response.payload.size() > max_message_size_) return base::Errno(EIO);
  if (response.message == static_cast<uint16_t>(wire::MessageId::kError)) {
    return ErrorOf(response.payload);
  }
  if (response.message != static_cast<uint16_t>(id)) return base::Errno(EPROTO);
  return {};
}

void Session::QueueClose(wire::FdId id) {
  const std::vector<wire::FdId> full = closes_.Add(id);
  if (full.empty()) return;
  if (const auto closed = SendClose(full); !closed.ok()) {
    base::Log().debug("lisafs client: Close of {} FDs failed: errno {}",
                      full.size(), closed.error().number());
  }
}

base::ErrnoOr<void> Session::FlushCloses() {
  const std::vector<wire::FdId> ids = closes_.Take();
  if (ids.empty()) return {};
  return SendClose(ids);
}

base::ErrnoOr<void> Session::SendClose(const std::vector<wire::FdId>& ids) {
  return CallVoid<wire::MessageId::kClose>(wire::CloseReq{.fds = ids});
}

}  // namespace gofer::client
