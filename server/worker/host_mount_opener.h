// HostMountOpener: has runsc open the mounts that this process may not.

#ifndef GOFER_SERVER_WORKER_HOST_MOUNT_OPENER_H_
#define GOFER_SERVER_WORKER_HOST_MOUNT_OPENER_H_

#include <string>

#include "server/base/errno.h"
#include "server/base/unique_fd.h"
#include "server/oci/oci_spec.h"

namespace gofer::worker {

// The client's end of runsc's urpc connection. Blocks until runsc answers, for
// which it enters our mount namespace. For one thread.
class HostMountOpener {
 public:
  // `socket`: --rpc-fd; may be invalid, and then nothing can be opened.
  explicit HostMountOpener(base::UniqueFd socket)
      : socket_(std::move(socket)) {}

  // Whether there is a runsc that opens mounts.
  bool valid() const { return socket_.valid(); }

  // The source of `mount`, an O_PATH descriptor in our mount namespace, or the
  // root of a detached copy where the mount is id-mapped and runsc knows how.
  // Errors: EREMOTEIO when runsc says why not (last_error()), EPROTO for an
  // answer that makes no sense or has no descriptor, EPIPE for a runsc that has
  // gone, and those of send(2) and recvmsg(2).
  base::ErrnoOr<base::UniqueFd> Open(const oci::OciMount& mount, bool readonly);

  // What runsc said, in one line; empty unless the last Open failed that way.
  const std::string& last_error() const { return last_error_; }

  // No more mounts: runsc's socket would let a client of ours open files of the
  // host.
  void Close() { socket_.reset(); }

 private:
  base::ErrnoOr<void> Send(const std::string& request) const;
  base::ErrnoOr<base::UniqueFd> ReceiveAnswer();

  base::UniqueFd socket_;
  std::string last_error_;
};

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_HOST_MOUNT_OPENER_H_
