#include "server/flipcall/packet_window.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>

#include "server/flipcall/page_bytes.h"

namespace gofer::flipcall {

base::ErrnoOr<PacketWindow> PacketWindow::Map(int fd, uint64_t offset,
                                              uint64_t length) {
  if (length < PageBytes() || length > kMaxWindowBytes ||
      offset % PageBytes() != 0 || offset > uint64_t{INT64_MAX} - length) {
    return base::Errno(EINVAL);
  }
  void* const base =
      ::mmap(nullptr, static_cast<size_t>(length), PROT_READ | PROT_WRITE,
             MAP_SHARED, fd, static_cast<off_t>(offset));
  if (base == MAP_FAILED) return base::Errno::Last();
  return PacketWindow(static_cast<std::byte*>(base),
                      static_cast<size_t>(length));
}

base::ErrnoOr<PacketWindow> PacketWindow::MapSealed(int fd, uint64_t offset,
                                                    uint64_t length) {
  const int seals = ::fcntl(fd, F_GET_SEALS);
  if (seals < 0) return base::Errno::Last();
  if ((seals & F_SEAL_SHRINK) == 0) return base::Errno(EINVAL);
  // Only after the seal is known can the size not become smaller.
  struct stat status;
  if (::fstat(fd, &status) != 0) return base::Errno::Last();
  const auto size = static_cast<uint64_t>(status.st_size);
  if (offset > size || length > size - offset) return base::Errno(EINVAL);
  return Map(fd, offset, length);
}

PacketWindow& PacketWindow::operator=(PacketWindow&& other) noexcept {
  std::swap(base_, other.base_);
  std::swap(length_, other.length_);
  return *this;
}

PacketWindow::~PacketWindow() {
  if (base_ != nullptr) ::munmap(base_, length_);
}

}  // namespace gofer::flipcall
