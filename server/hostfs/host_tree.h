// HostTree: the directory of the host that a Server serves, and everything else
// that all of its host backends share.

#ifndef GOFER_SERVER_HOSTFS_HOST_TREE_H_
#define GOFER_SERVER_HOSTFS_HOST_TREE_H_

#include <memory>

#include "absl/strings/string_view.h"
#include "server/base/errno.h"
#include "server/base/unique_fd.h"
#include "server/hostfs/mount_table.h"
#include "server/hostfs/proc_self_fd.h"

namespace gofer::hostfs {

// Everything is relative to the root's descriptor, so that it makes no
// difference whether the process has changed its root directory. The process's
// umask must be 0: modes arrive masked by the sandbox. Thread-safe. Shared by
// the backends of one Server.
class HostTree {
 public:
  // Descriptors that a confined process opens while it still can. proc_self_fd
  // is of this process, and mount_info of the mount namespace that the root is
  // in; without mount_info, Getdents64 asks for the device of each entry.
  struct Descriptors {
    base::UniqueFd root;  // A directory; O_PATH will do.
    base::UniqueFd proc_self_fd;
    base::UniqueFd mount_info;
  };

  // Opens all of these descriptors. A symlink `root` is followed, because the
  // administrator chose it. Errors: those of open(2).
  static base::ErrnoOr<std::shared_ptr<HostTree>> Open(const char* root);

  explicit HostTree(Descriptors descriptors);

  // Opens an O_PATH descriptor of the file at `path`: absolute, lexically
  // clean, "/" for the root itself. No symlink is followed; a symlink as the
  // last component is opened itself. Errors: ELOOP or ENOTDIR for a symlink on
  // the way, and those of open(2).
  base::ErrnoOr<base::UniqueFd> OpenPath(absl::string_view path) const;

  // Succeeds when mounts can be cloned, which donating mount points needs.
  // Errors: those of CloneMount.
  base::ErrnoOr<void> CheckMountClone() const;

  const ProcSelfFd& proc_self_fd() const { return proc_self_fd_; }
  // May be null.
  MountTable* mounts() const { return mounts_.get(); }

 private:
  friend class HostTreePeer;

  // Opens one component at a time, for kernels without openat2(2).
  base::ErrnoOr<base::UniqueFd> WalkPath(absl::string_view relative) const;

  const base::UniqueFd root_;
  const ProcSelfFd proc_self_fd_;
  const std::unique_ptr<MountTable> mounts_;
};

}  // namespace gofer::hostfs

#endif  // GOFER_SERVER_HOSTFS_HOST_TREE_H_
