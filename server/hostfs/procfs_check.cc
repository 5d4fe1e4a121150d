#include "server/hostfs/procfs_check.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include "server/base/syscall.h"
#include "server/base/unique_fd.h"

namespace gofer::hostfs {

bool ProcfsCheck::IsProcfs(int directory, const char* name,
                           const wire::Statx& stat) {
  // No file system in memory has a driver's major number.
  if (stat.dev_major != 0) return false;
  const uint64_t key = uint64_t{stat.dev_minor} + 1;
  std::atomic<uint64_t>& slot = others_[key % others_.size()];
  if (slot.load(std::memory_order_relaxed) == key) return false;
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
  if (base::RetryOnEintr([&] { return ::fstatfs(file, &file_system); }) != 0) {
    return true;
  }
  if (file_system.f_type == PROC_SUPER_MAGIC) return true;
  slot.store(key, std::memory_order_relaxed);
  return false;
}

}  // namespace gofer::hostfs
