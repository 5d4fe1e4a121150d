// PendingAccepts: the Accept calls of a connection that are at work, any of
// which the client may have made block.

#ifndef GOFER_SERVER_LISAFS_PENDING_ACCEPTS_H_
#define GOFER_SERVER_LISAFS_PENDING_ACCEPTS_H_

#include <vector>

#include "server/base/errno.h"
#include "server/base/mutex.h"
#include "server/lisafs/bound_socket_fd.h"

namespace gofer::lisafs {

// The client holds a descriptor of each bound socket and may change how its
// open file behaves, so no Accept is sure to return by itself. Thread-safe.
class PendingAccepts {
 public:
  // Calls socket.Accept(), with no lock of the tree held by the caller. Errors:
  // ESHUTDOWN after Interrupt, else those of Accept.
  base::ErrnoOr<AcceptResult> Run(BoundSocketFd& socket);

  // Ends the calls at work and refuses later ones. Does not wait; idempotent.
  void Interrupt();

 private:
  base::Mutex mu_;
  bool interrupted_ ABSL_GUARDED_BY(mu_) = false;
  // Their callers keep them alive; a socket may be listed twice.
  std::vector<BoundSocketFd*> at_work_ ABSL_GUARDED_BY(mu_);
};

}  // namespace gofer::lisafs

#endif  // GOFER_SERVER_LISAFS_PENDING_ACCEPTS_H_
