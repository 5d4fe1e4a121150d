// ProcfsCheck: tells files of procfs, through which a client would reach our
// memory and the kernel's settings, from files that may be served.

#ifndef GOFER_SERVER_HOSTFS_PROCFS_CHECK_H_
#define GOFER_SERVER_HOSTFS_PROCFS_CHECK_H_

#include <array>
#include <atomic>
#include <cstdint>

#include "server/wire/statx.h"

namespace gofer::hostfs {

// There may be several procfs, each with a device of its own. Remembers devices
// that are no procfs, so that each such device costs one system call in all.
// Thread-safe.
class ProcfsCheck {
 public:
  // Whether the file `name` in the borrowed `directory` ("" means the file
  // behind that descriptor itself) is in a procfs, or cannot be told from such
  // a file. `stat` describes the file.
  bool IsProcfs(int directory, const char* name, const wire::Statx& stat);

 private:
  // Minor numbers, plus 1, of devices that are no procfs; 0 in a free place.
  std::array<std::atomic<uint64_t>, 16> others_{};
};

}  // namespace gofer::hostfs

#endif  // GOFER_SERVER_HOSTFS_PROCFS_CHECK_H_
