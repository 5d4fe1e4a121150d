#include "server/uds/peer_credentials.h"

#include <sys/socket.h>

#include <cerrno>

namespace gofer::uds {

base::ErrnoOr<PeerCredentials> GetPeerCredentials(int socket) {
  int domain = 0;
  socklen_t length = sizeof(domain);
  if (::getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &domain, &length) != 0) {
    return base::Errno::Last();
  }
  if (domain != AF_UNIX) return base::Errno(EOPNOTSUPP);
  ucred peer = {};
  length = sizeof(peer);
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) {
    return base::Errno::Last();
  }
  // The kernel answers "nobody" where there is no peer.
  if (peer.pid == 0 && peer.uid == static_cast<uid_t>(-1)) {
    return base::Errno(ENOTCONN);
  }
  return PeerCredentials{.pid = peer.pid, .uid = peer.uid, .gid = peer.gid};
}

}  // namespace gofer::uds
