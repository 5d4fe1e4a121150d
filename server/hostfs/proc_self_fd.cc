#include "server/hostfs/proc_self_fd.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "server/base/syscall.h"
#include "server/hostfs/thread_directory.h"

namespace gofer::hostfs {
namespace {

// Younger than Debian 12's headers. The number is that of all architectures.
#ifdef SYS_fchmodat2
constexpr long kFchmodat2 = SYS_fchmodat2;
#else
constexpr long kFchmodat2 = 452;
#endif

constexpr char kMountedAt[] = "/proc/self/fd/";

std::atomic<uint64_t> last_token = 0;

void AppendNumber(int fd, size_t offset, ProcSelfFd::Path& path) {
  char* const end = path.data() + path.size() - 1;
  *std::to_chars(path.data() + offset, end, fd).ptr = '\0';
}

ProcSelfFd::Path NameOf(int fd) {
  ProcSelfFd::Path name;
  AppendNumber(fd, 0, name);
  return name;
}

}  // namespace

base::ErrnoOr<base::UniqueFd> ProcSelfFd::OpenDirectory() {
  return base::SyscallFd(
      [] { return ::open(kMountedAt, O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
}

ProcSelfFd::ProcSelfFd(base::UniqueFd directory)
    : directory_(std::move(directory)), token_(++last_token) {}

base::ErrnoOr<base::UniqueFd> ProcSelfFd::Reopen(int fd, int flags) const {
  const Path name = NameOf(fd);
  return base::SyscallFd(
      [&] { return ::openat(directory_.get(), name.data(), flags); });
}

base::ErrnoOr<void> ProcSelfFd::Chmod(int fd, mode_t mode) const {
  // 0.60 us; the other way takes 1.43.
  if (::syscall(kFchmodat2, fd, "", mode, AT_EMPTY_PATH) == 0) return {};
  // EPERM: of the file, or of an old filter of system calls around us.
  if (errno != ENOSYS && errno != EPERM) return base::Errno::Last();
  const Path name = NameOf(fd);
  if (::fchmodat(directory_.get(), name.data(), mode, 0) != 0) {
    return base::Errno::Last();
  }
  return {};
}

base::ErrnoOr<void> ProcSelfFd::Link(int fd, int directory,
                                     const char* name) const {
  const Path from = NameOf(fd);
  if (::linkat(directory_.get(), from.data(), directory, name,
               AT_SYMLINK_FOLLOW) != 0) {
    return base::Errno::Last();
  }
  return {};
}

base::ErrnoOr<ProcSelfFd::Path> ProcSelfFd::PathOnThisThread(int fd) const {
  const auto entered = EnterThreadDirectory(directory_.get(), token_);
  if (entered.ok()) return NameOf(fd);
  if (entered.error() != base::Errno(EPERM)) return entered.error();
  // No unshare(2) here, as in many containers; there /proc is mounted.
  Path path;
  std::memcpy(path.data(), kMountedAt, sizeof(kMountedAt));
  AppendNumber(fd, sizeof(kMountedAt) - 1, path);
  return path;
}

}  // namespace gofer::hostfs
