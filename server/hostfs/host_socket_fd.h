// HostSocketFd: a socket of the host that BindAt bound.

#ifndef GOFER_SERVER_HOSTFS_HOST_SOCKET_FD_H_
#define GOFER_SERVER_HOSTFS_HOST_SOCKET_FD_H_

#include <cstdint>

#include "server/base/errno.h"
#include "server/base/ref_ptr.h"
#include "server/base/unique_fd.h"
#include "server/lisafs/bound_socket_fd.h"

namespace gofer::hostfs {

// Owns the socket. It is non-blocking until the client, which shares it by
// donation, changes that. The control FD stands for the file that it is bound
// to. Source: gVisor runsc/fsgofer/lisafs.go, Nov 2023 (boundSocketFDLisa).
class HostSocketFd final : public lisafs::BoundSocketFd {
 public:
  HostSocketFd(base::RefPtr<lisafs::ControlFd> control, lisafs::QuotaSlot slot,
               base::UniqueFd socket);
  ~HostSocketFd() override;

  base::ErrnoOr<void> Listen(const lisafs::ReadGuarantee&,
                             int32_t backlog) override;
  // The peer's address stays with us: it would be a path of the host.
  base::ErrnoOr<lisafs::AcceptResult> Accept() override;
  void Interrupt() override;

 private:
  base::UniqueFd socket_;
};

}  // namespace gofer::hostfs

#endif  // GOFER_SERVER_HOSTFS_HOST_SOCKET_FD_H_
