#include "clients/lisafs/bound_socket.h"

#include <cerrno>
#include <vector>

namespace gofer::client {

base::ErrnoOr<void> BoundSocket::Listen(int32_t backlog) const {
  return handle_.session().CallVoid<wire::MessageId::kListen>(
      wire::ListenReq{.fd = handle_.id(), .backlog = backlog});
}

base::ErrnoOr<BoundSocket::Accepted> BoundSocket::Accept() const {
  Accepted accepted;
  std::vector<base::UniqueFd> fds;
  const auto read =
      handle_.session().CallAndRead<wire::MessageId::kAccept, wire::AcceptResp>(
          wire::AcceptReq{.fd = handle_.id()}, {},
          [&accepted](const wire::AcceptResp& response,
                      std::span<const std::byte>) -> base::ErrnoOr<void> {
            accepted.peer_address = std::string(response.peer_addr);
            return {};
          },
          &fds);
  if (!read.ok()) return read.error();
  if (fds.empty()) return base::Errno(EBADF);
  accepted.socket = std::move(fds[0]);
  return accepted;
}

}  // namespace gofer::client
