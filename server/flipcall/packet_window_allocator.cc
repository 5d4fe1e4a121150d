#include "server/flipcall/packet_window_allocator.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>

#include "server/base/syscall.h"
#include "server/flipcall/layout.h"
#include "server/flipcall/page_bytes.h"

namespace gofer::flipcall {
namespace {

base::ErrnoOr<uint64_t> FileBytes(int fd) {
  struct stat status;
  if (::fstat(fd, &status) != 0) return base::Errno::Last();
  return static_cast<uint64_t>(status.st_size);
}

}  // namespace

base::ErrnoOr<WindowExtent> PacketWindowAllocator::Allocate(uint64_t bytes) {
  if (bytes == 0 || bytes > kMaxWindowBytes) return base::Errno(EINVAL);
  const uint64_t page = PageBytes();
  const WindowExtent extent{.offset = used_,
                            .length = (bytes + page - 1) / page * page};
  if (extent.length > kMaxWindowBytes) return base::Errno(EINVAL);
  if (!file_.valid()) {
    if (auto created = CreateFile(); !created.ok()) return created.error();
  }
  const uint64_t end = extent.offset + extent.length;
  if (auto grown = GrowFile(end); !grown.ok()) return grown.error();
  used_ = end;
  return extent;
}

base::ErrnoOr<void> PacketWindowAllocator::CreateFile() {
  auto file = base::SyscallFd([] {
    return ::memfd_create("flipcall_packet_windows",
                          MFD_CLOEXEC | MFD_ALLOW_SEALING);
  });
  if (!file.ok()) return file.error();
  if (::fcntl(file->get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK) != 0) {
    return base::Errno::Last();
  }
  file_ = *std::move(file);
  return {};
}

// The peer holds the file too and may grow it meanwhile. A size that we ask for
// is then smaller than the file's, which the seal refuses with EPERM.
base::ErrnoOr<void> PacketWindowAllocator::GrowFile(uint64_t end) {
  auto now = FileBytes(file_.get());
  if (!now.ok()) return now.error();
  if (*now >= end) return {};
  uint64_t size = PageBytes();
  while (size < end) size *= 2;
  const auto grown = base::SyscallVoid(
      [&] { return ::ftruncate(file_.get(), static_cast<off_t>(size)); });
  if (grown.ok() || grown.error() != base::Errno(EPERM)) return grown;
  now = FileBytes(file_.get());
  if (now.ok() && *now >= end) return {};
  return grown;
}

}  // namespace gofer::flipcall
