// PeerCredentials: who made the other end of a UNIX socket.

#ifndef GOFER_SERVER_UDS_PEER_CREDENTIALS_H_
#define GOFER_SERVER_UDS_PEER_CREDENTIALS_H_

#include <sys/types.h>

#include "server/base/errno.h"

namespace gofer::uds {

// The credentials at the moment of connect(2), listen(2) or socketpair(2), as
// our own namespaces number them: the process may have ended or changed its ids
// since.
struct PeerCredentials {
  pid_t pid = 0;
  uid_t uid = 0;
  gid_t gid = 0;
};

// Returns the credentials of the peer of the borrowed `socket`. Errors: EBADF,
// ENOTSOCK, EOPNOTSUPP when it is no UNIX socket, ENOTCONN.
base::ErrnoOr<PeerCredentials> GetPeerCredentials(int socket);

}  // namespace gofer::uds

#endif  // GOFER_SERVER_UDS_PEER_CREDENTIALS_H_
