#include "server/comm/fd_channel.h"

#include <sys/socket.h>

#include <cerrno>

#include "server/uds/fd_message.h"

namespace gofer::comm {
namespace {

base::ErrnoOr<base::UniqueFd> ReceiveOne(int socket, int flags) {
  auto message = uds::ReceiveWithFds(socket, {}, 1, flags);
  if (!message.ok()) {
    return message.error() == base::Errno(EMSGSIZE) ? base::Errno(EPROTO)
                                                    : message.error();
  }
  if (message->fds.size() == 1) return std::move(message->fds[0]);
  // A hang-up and an empty message look alike; neither is a descriptor.
  return base::Errno(ECONNRESET);
}

}  // namespace

void FdChannel::LimitQueue() const {
  // Raised to the kernel's minimum.
  const int bytes = 1;
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

void FdChannel::RefuseAll() const { ::shutdown(socket_.get(), SHUT_RD); }

size_t FdChannel::Send(std::span<const int> fds) const {
  if (fds.size() > kMaxFds) return 0;
  size_t sent = 0;
  while (sent < fds.size() &&
         uds::SendWithFds(socket_.get(), {}, fds.subspan(sent, 1), MSG_DONTWAIT)
             .ok()) {
    ++sent;
  }
  return sent;
}

base::ErrnoOr<base::UniqueFd> FdChannel::TryReceive() const {
  return ReceiveOne(socket_.get(), MSG_DONTWAIT);
}

base::ErrnoOr<base::UniqueFd> FdChannel::Receive() const {
  return ReceiveOne(socket_.get(), 0);
}

void FdChannel::Shutdown() const { ::shutdown(socket_.get(), SHUT_RDWR); }

}  // namespace gofer::comm
