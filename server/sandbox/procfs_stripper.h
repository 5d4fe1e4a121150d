// StripProcfs: takes every procfs out of a tree that is being made.

#ifndef GOFER_SERVER_SANDBOX_PROCFS_STRIPPER_H_
#define GOFER_SERVER_SANDBOX_PROCFS_STRIPPER_H_

#include "server/base/errno.h"

namespace gofer::sandbox {

// Through a procfs, clients would reach this process's memory and the kernel's
// settings. Unmounts each procfs at and below the borrowed directory `root`,
// the root of a mount; what was mounted on top of a procfs is mounted there
// again. A procfs that a user namespace may not unmount is covered by an empty
// directory. A procfs that is out of sight, below another mount, stays there.
//
// `mount_info` is a borrowed /proc/self/mountinfo. Changes the working
// directory. Errors: EINVAL if `root` itself is a procfs, ELOOP if the mounts
// change all the time, and those of umount(2) and mount(2).
base::ErrnoOr<void> StripProcfs(int root, int mount_info);

// Whether the attached mount of the borrowed `root` has a procfs at or below
// it. True where the kernel does not tell (before 6.8) and for a great many
// mounts. Some microseconds, where StripProcfs reads all mounts of the
// namespace.
bool MayHoldProcfs(int root);

}  // namespace gofer::sandbox

#endif  // GOFER_SERVER_SANDBOX_PROCFS_STRIPPER_H_
