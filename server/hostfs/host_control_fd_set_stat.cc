// SetStat.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <limits>
#include <utility>

#include "server/base/syscall.h"
#include "server/hostfs/host_control_fd.h"
#include "server/hostfs/open_flags.h"

namespace gofer::hostfs {

// Mode before owner means that a set-id bit does not survive a change of owner
// in the same request. gVisor does the same (quirk Q16), and clients may rely
// on it.
wire::SetStatResp HostControlFd::SetStat(const wire::SetStatReq& request) {
  wire::SetStatResp response;
  const auto note = [&response](uint32_t bits, base::ErrnoOr<void> result) {
    if (result.ok()) return;
    response.failure_mask |= bits;
    response.failure_errno = result.error().wire();
  };
  if ((request.mask & STATX_MODE) != 0) note(STATX_MODE, SetMode(request.mode));
  if ((request.mask & STATX_SIZE) != 0) note(STATX_SIZE, SetSize(request.size));
  const uint32_t times = request.mask & (STATX_ATIME | STATX_MTIME);
  if (times != 0) note(times, SetTimes(request));
  const uint32_t ids = request.mask & (STATX_UID | STATX_GID);
  if (ids != 0) {
    const uid_t uid = (ids & STATX_UID) != 0 ? request.uid : wire::kNoId;
    const gid_t gid = (ids & STATX_GID) != 0 ? request.gid : wire::kNoId;
    note(ids, base::SyscallVoid([&] {
           return ::fchownat(host_fd(), "", uid, gid,
                             AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW);
         }));
  }
  return response;
}

base::ErrnoOr<void> HostControlFd::SetMode(uint32_t mode) const {
  if (is_symlink()) {
    return base::Errno(backend_.level() == lisafs::ProtocolLevel::kNov2023
                           ? EBADF
                           : EOPNOTSUPP);
  }
  return backend_.proc_self_fd().Chmod(host_fd(), PermissionBits(mode));
}

base::ErrnoOr<void> HostControlFd::SetSize(uint64_t size) {
  switch (file_type()) {
    case S_IFREG:
      break;
    case S_IFDIR:
      return base::Errno(EISDIR);
    case S_IFLNK:
      return base::Errno(ELOOP);
    case S_IFSOCK:
      return base::Errno(ENXIO);
    default:
      // A FIFO or device is not even opened to find out.
      return base::Errno(EINVAL);
  }
  const auto fd = WritableFd();
  if (!fd.ok()) return fd.error();
  if (size > static_cast<uint64_t>(std::numeric_limits<off_t>::max())) {
    return base::Errno(EINVAL);
  }
  return base::SyscallVoid(
      [&] { return ::ftruncate(*fd, static_cast<off_t>(size)); });
}

base::ErrnoOr<int> HostControlFd::WritableFd() {
  int kept = writable_fd_.load(std::memory_order_acquire);
  if (kept >= 0) return kept;
  lisafs::QuotaSlot slot = connection().TakeFdSlot();
  if (!slot) return base::Errno(EMFILE);
  auto fd = backend_.proc_self_fd().Reopen(host_fd(), ReopenFlags(O_WRONLY));
  if (!fd.ok()) return fd.error();
  if (!writable_fd_.compare_exchange_strong(kept, fd->get(),
                                            std::memory_order_acq_rel)) {
    return kept;
  }
  writable_slot_ = std::move(slot);
  return fd->release();
}

base::ErrnoOr<void> HostControlFd::SetTimes(
    const wire::SetStatReq& request) const {
  if (is_socket()) return base::Errno(EBADF);
  std::array<timespec, 2> times = {
      timespec{.tv_sec = 0, .tv_nsec = UTIME_OMIT},
      timespec{.tv_sec = 0, .tv_nsec = UTIME_OMIT}};
  if ((request.mask & STATX_ATIME) != 0) {
    times[0] = {.tv_sec = request.atime.sec, .tv_nsec = request.atime.nsec};
  }
  if ((request.mask & STATX_MTIME) != 0) {
    times[1] = {.tv_sec = request.mtime.sec, .tv_nsec = request.mtime.nsec};
  }
  // Directly: half the time of the way through /proc/self/fd.
  return base::SyscallVoid([&] {
    return ::utimensat(host_fd(), "", times.data(),
                       AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW);
  });
}

}  // namespace gofer::hostfs
