// PeerCredentials: who made the other end of a UNIX socket.

#ifndef GOFER_SERVER_UDS_PEER_CREDENTIALS_H_
#define GOFER_SERVER_UDS_PEER_CREDENTIALS_H_

#include <sys/types.h>

#include "server/base/errno.h"

namespace gofer::uds {

// As of the moment of connect(2), listen(2) or socketpair(2): the process may
// have ended or changed its ids since. In our own namespaces' terms.
struct PeerCredentials {
  pid_t pid = 0;
  uid_t uid = 0;
  gid_t gid = 0;
};

// The credentials of the peer of the borrowed `socket`. Errors: EBADF,
// ENOTSOCK, EOPNOTSUPP when it is no UNIX socket, ENOTCONN.
base::ErrnoOr<PeerCredentials> GetPeerCredentials(int socket);

}  // namespace gofer::uds

#endif  // GOFER_SERVER_UDS_PEER_CREDENTIALS_H_
