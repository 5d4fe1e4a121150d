// CloneMount: a directory as a mount of its own, for a client that is given a
// descriptor of it.

#ifndef GOFER_SERVER_HOSTFS_MOUNT_CLONE_H_
#define GOFER_SERVER_HOSTFS_MOUNT_CLONE_H_

#include "server/base/errno.h"
#include "server/base/unique_fd.h"
#include "server/lisafs/options.h"

namespace gofer::hostfs {

// Whether device files that are mounts of their own can be opened.
enum class Devices { kUnusable, kUsable };

// Returns an O_PATH descriptor of the root of a detached copy of the mounts at
// and below the borrowed `directory`: `..` ends there, set-id bits and device
// files do nothing, later mounts of the host do not appear, and with kReadOnly
// nothing can be changed. Descriptors opened through it keep all that when it
// is closed. Errors: EPERM without CAP_SYS_ADMIN, EINVAL when the directory is
// in another mount namespace, ENOSYS before Linux 5.12.
base::ErrnoOr<base::UniqueFd> CloneMount(int directory, lisafs::Access access,
                                         Devices devices = Devices::kUnusable);

// Whether the borrowed `fd` was opened on a mount that is read-only.
bool IsOnReadOnlyMount(int fd);

}  // namespace gofer::hostfs

#endif  // GOFER_SERVER_HOSTFS_MOUNT_CLONE_H_
