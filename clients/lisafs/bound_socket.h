// BoundSocket: a UNIX socket that the server has bound in the tree.

#ifndef GOFER_CLIENTS_LISAFS_BOUND_SOCKET_H_
#define GOFER_CLIENTS_LISAFS_BOUND_SOCKET_H_

#include <cstdint>
#include <string>
#include <utility>

#include "clients/lisafs/fd_handle.h"
#include "server/base/errno.h"
#include "server/base/unique_fd.h"
#include "server/wire/types.h"

namespace gofer::client {

// Owns a bound socket FD of the server and the host FD that came with it. The
// const methods are thread-safe. Errors: see Session.
class BoundSocket {
 public:
  struct Accepted {
    base::UniqueFd socket;  // Connected, O_NONBLOCK.
    std::string peer_address;
  };

  // `host_fd`: the socket itself.
  BoundSocket(FdHandle handle, base::UniqueFd host_fd)
      : handle_(std::move(handle)), host_fd_(std::move(host_fd)) {}

  wire::FdId id() const { return handle_.id(); }
  // The borrowed socket for poll(2). It is readable when Accept can return a
  // connection.
  int host_fd() const { return host_fd_.get(); }

  // Called once, before Accept.
  base::ErrnoOr<void> Listen(int32_t backlog) const;
  // Does not wait. EAGAIN when nobody has connected, EBADF when the server
  // forgot the socket.
  base::ErrnoOr<Accepted> Accept() const;

 private:
  FdHandle handle_;
  base::UniqueFd host_fd_;
};

}  // namespace gofer::client

#endif  // GOFER_CLIENTS_LISAFS_BOUND_SOCKET_H_
