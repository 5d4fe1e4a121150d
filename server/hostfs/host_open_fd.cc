#include "server/hostfs/host_open_fd.h"

#include <fcntl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "server/base/syscall.h"
#include "server/hostfs/stat_convert.h"

namespace gofer::hostfs {
namespace {

constexpr uint64_t kMaxOffset =
    static_cast<uint64_t>(std::numeric_limits<off_t>::max());

// What one call allocates at most, in bytes.
constexpr uint64_t kMostAllocated = uint64_t{64} << 20;

// Calls `transfer(done)` for the rest until `size` bytes are done or it moves
// none. What was done before an error is not told, as gVisor does not.
template <class Transfer>
base::ErrnoOr<size_t> TransferAll(size_t size, uint64_t offset,
                                  Transfer transfer) {
  if (offset > kMaxOffset) return base::Errno(EINVAL);
  size_t done = 0;
  while (done < size) {
    if (done > kMaxOffset - offset) return base::Errno(EINVAL);
    const ssize_t moved = base::RetryOnEintr(
        [&] { return transfer(done, static_cast<off_t>(offset + done)); });
    if (moved < 0) return base::Errno::Last();
    if (moved == 0) break;
    done += static_cast<size_t>(moved);
  }
  return done;
}

bool HasRoom(int file, uint64_t bytes) {
  struct statfs room;
  return bytes > kMostAllocated && ::fstatfs(file, &room) == 0 &&
         bytes / static_cast<uint64_t>(room.f_bsize) < room.f_bavail;
}

std::unique_ptr<DirentReader> MakeDirentReader(const HostControlFd& control,
                                               int host_fd) {
  if (!control.is_directory()) return nullptr;
  return std::make_unique<DirentReader>(host_fd,
                                        control.backend().tree().mounts());
}

}  // namespace

HostOpenFd::HostOpenFd(base::RefPtr<HostControlFd> control,
                       lisafs::QuotaSlot slot, uint32_t flags,
                       base::UniqueFd host_fd)
    : OpenFd(base::RefPtr<lisafs::ControlFd>::Share(control.get()),
             std::move(slot), flags),
      backend_(control->backend()),
      host_fd_(std::move(host_fd)),
      dirents_(MakeDirentReader(*control, host_fd_.get())) {}

base::ErrnoOr<wire::Statx> HostOpenFd::Stat(const lisafs::ReadGuarantee&) {
  return StatFd(host_fd_.get(), backend_.level());
}

base::ErrnoOr<void> HostOpenFd::Sync() {
  return base::SyscallVoid([this] { return ::fsync(host_fd_.get()); });
}

base::ErrnoOr<size_t> HostOpenFd::Read(std::span<std::byte> buffer,
                                       uint64_t offset) {
  return TransferAll(buffer.size(), offset, [&](size_t done, off_t at) {
    const std::span<std::byte> rest = buffer.subspan(done);
    return ::pread(host_fd_.get(), rest.data(), rest.size(), at);
  });
}

base::ErrnoOr<size_t> HostOpenFd::Write(std::span<const std::byte> data,
                                        uint64_t offset) {
  const auto written =
      TransferAll(data.size(), offset, [&](size_t done, off_t at) {
        const std::span<const std::byte> rest = data.subspan(done);
        return ::pwrite(host_fd_.get(), rest.data(), rest.size(), at);
      });
  // A device that takes nothing and says nothing.
  if (written.ok() && *written < data.size()) return base::Errno(EIO);
  return written;
}

base::ErrnoOr<void> HostOpenFd::Allocate(uint64_t mode, uint64_t offset,
                                         uint64_t length) {
  if (mode != 0) return base::Errno(EOPNOTSUPP);
  if (offset > kMaxOffset || length > kMaxOffset) return base::Errno(EINVAL);
  if (length > kMaxOffset - offset) return base::Errno(EFBIG);
  // The kernel holds the file's own lock meanwhile, for which a removal of the
  // file waits, and everybody behind it. What does not fit is left to the
  // kernel as a whole: it may undo a part.
  const uint64_t most =
      HasRoom(host_fd_.get(), length) ? kMostAllocated : length;
  do {
    const uint64_t part = std::min(length, most);
    const auto done = base::SyscallVoid([&] {
      return ::fallocate(host_fd_.get(), 0, static_cast<off_t>(offset),
                         static_cast<off_t>(part));
    });
    if (!done.ok()) return done.error();
    offset += part;
    length -= part;
  } while (length > 0);
  return {};
}

base::ErrnoOr<void> HostOpenFd::Getdents(
    const lisafs::ReadGuarantee&, uint64_t count, Position position,
    wire::ArrayWriter<wire::Dirent64>& out) {
  if (dirents_ == nullptr) return base::Errno(ENOTDIR);
  return dirents_->Read(count, position, out);
}

}  // namespace gofer::hostfs
