#include "server/uds/unix_socket.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>

namespace gofer::uds {
namespace {

int TypeNumber(SocketType type) {
  return type == SocketType::kStream ? SOCK_STREAM : SOCK_SEQPACKET;
}

base::ErrnoOr<int> IntOption(int fd, int option) {
  int value = 0;
  socklen_t length = sizeof(value);
  if (::getsockopt(fd, SOL_SOCKET, option, &value, &length) != 0) {
    return base::Errno::Last();
  }
  return value;
}

}  // namespace

base::ErrnoOr<SocketPair> MakeSocketPair(SocketType type) {
  int fds[2];
  if (::socketpair(AF_UNIX, TypeNumber(type) | SOCK_CLOEXEC, 0, fds) != 0) {
    return base::Errno::Last();
  }
  return SocketPair{base::UniqueFd(fds[0]), base::UniqueFd(fds[1])};
}

base::ErrnoOr<void> CheckConnected(int fd, SocketType type) {
  const auto domain = IntOption(fd, SO_DOMAIN);
  if (!domain.ok()) return domain.error();
  if (*domain != AF_UNIX) return base::Errno(EAFNOSUPPORT);
  const auto number = IntOption(fd, SO_TYPE);
  if (!number.ok()) return number.error();
  if (*number != TypeNumber(type)) return base::Errno(EPROTOTYPE);
  const auto listening = IntOption(fd, SO_ACCEPTCONN);
  if (!listening.ok()) return listening.error();
  if (*listening != 0) return base::Errno(EOPNOTSUPP);
  sockaddr_un peer;
  socklen_t length = sizeof(peer);
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &length) != 0) {
    return base::Errno::Last();
  }
  return {};
}

}  // namespace gofer::uds
