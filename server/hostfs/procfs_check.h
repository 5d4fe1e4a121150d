// IsProcfs: tells files of procfs, through which a client would reach our
// memory and the kernel's settings, from files that may be served.

#ifndef GOFER_SERVER_HOSTFS_PROCFS_CHECK_H_
#define GOFER_SERVER_HOSTFS_PROCFS_CHECK_H_

#include <cstdint>

#include "server/wire/statx.h"

namespace gofer::hostfs {

// The minor number of the file's device, if it is a file system without a disk:
// only such a file system may be a procfs. kDisk otherwise. It is that file
// system's for as long as a descriptor of the file is open: the kernel gives
// the number of one that is gone to a later one.
inline constexpr uint32_t kDisk = UINT32_MAX;
inline uint32_t DisklessDevice(const wire::Statx& stat) {
  return stat.dev_major == 0 ? stat.dev_minor : kDisk;
}

// Whether the file `name` in the borrowed `directory` ("" means the file behind
// that descriptor itself) is in a procfs, or cannot be told from such a file.
// There may be several procfs, each with a device of its own. `stat` describes
// the file. `served`: the DisklessDevice of an open file that is in no procfs,
// or kDisk; files on it cost no system call.
bool IsProcfs(int directory, const char* name, const wire::Statx& stat,
              uint32_t served);

}  // namespace gofer::hostfs

#endif  // GOFER_SERVER_HOSTFS_PROCFS_CHECK_H_
