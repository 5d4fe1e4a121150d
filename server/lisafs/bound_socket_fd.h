// BoundSocketFd: a socket that BindAt bound into the tree.

#ifndef GOFER_SERVER_LISAFS_BOUND_SOCKET_FD_H_
#define GOFER_SERVER_LISAFS_BOUND_SOCKET_FD_H_

#include <cstdint>
#include <string>
#include <utility>

#include "server/base/errno.h"
#include "server/base/ref_ptr.h"
#include "server/base/unique_fd.h"
#include "server/lisafs/control_fd.h"
#include "server/lisafs/fd.h"
#include "server/lisafs/guarantees.h"

namespace gofer::lisafs {

struct AcceptResult {
  base::UniqueFd socket;
  // Shown to the sandbox: empty to keep host paths to ourselves.
  std::string peer_address;
};

// Reference model: holds a reference on the control FD of the socket's file.
// Source: gVisor pkg/lisafs/fd.go, Nov 2023 (BoundSocketFDImpl).
class BoundSocketFd : public Fd {
 public:
  ControlFd& control_fd() const { return *control_fd_; }
  Node& node() const { return control_fd_->node(); }

  virtual base::ErrnoOr<void> Listen(const ReadGuarantee&, int32_t backlog) = 0;
  // Takes a waiting peer; EAGAIN when none waits. Called with no lock held: a
  // client that was given the socket may be able to make this block.
  virtual base::ErrnoOr<AcceptResult> Accept() = 0;
  // Ends a blocked Accept, and any later Accept, at once. Called from any
  // thread; must not block.
  virtual void Interrupt() {}

 protected:
  BoundSocketFd(base::RefPtr<ControlFd> control_fd, QuotaSlot slot)
      : Fd(Kind::kBoundSocket, control_fd->connection(), std::move(slot)),
        control_fd_(std::move(control_fd)) {}

 private:
  const base::RefPtr<ControlFd> control_fd_;
};

}  // namespace gofer::lisafs

#endif  // GOFER_SERVER_LISAFS_BOUND_SOCKET_FD_H_
