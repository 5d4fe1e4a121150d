#include "server/hostfs/procfs_check.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include "server/base/syscall.h"
#include "server/base/unique_fd.h"

namespace gofer::hostfs {

bool IsProcfs(int directory, const char* name, const wire::Statx& stat,
              uint32_t served) {
  const uint32_t device = DisklessDevice(stat);
  if (device == kDisk || device == served) return false;
  base::UniqueFd opened;
  int file = directory;
  if (*name != '\0') {
    auto found = base::SyscallFd([&] {
      return ::openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    });
    // It has gone meanwhile, or there are no descriptors left.
    if (!found.ok()) return true;
    opened = *std::move(found);
    file = opened.get();
  }
  struct statfs file_system;
  return base::RetryOnEintr([&] { return ::fstatfs(file, &file_system); }) !=
             0 ||
         file_system.f_type == PROC_SUPER_MAGIC;
}

}  // namespace gofer::hostfs
