// MakeSocketPair and CheckConnected: UNIX sockets made here, or by somebody
// else.

#ifndef GOFER_SERVER_UDS_UNIX_SOCKET_H_
#define GOFER_SERVER_UDS_UNIX_SOCKET_H_

#include "server/base/errno.h"
#include "server/base/unique_fd.h"

namespace gofer::uds {

struct SocketPair {
  base::UniqueFd first;
  base::UniqueFd second;
};

enum class SocketType { kStream, kSeqPacket };

// Makes a connected, blocking, close-on-exec pair. Errors: EMFILE, ENFILE,
// ENOMEM.
base::ErrnoOr<SocketPair> MakeSocketPair(SocketType type);

// Success when the borrowed `fd` is a UNIX socket of `type` that is connected.
// Errors name what it is instead:
//   EBADF         not open
//   ENOTSOCK      no socket
//   EAFNOSUPPORT  another address family
//   EPROTOTYPE    another type
//   EOPNOTSUPP    a listening socket
//   ENOTCONN      not connected
base::ErrnoOr<void> CheckConnected(int fd, SocketType type);

}  // namespace gofer::uds

#endif  // GOFER_SERVER_UDS_UNIX_SOCKET_H_
