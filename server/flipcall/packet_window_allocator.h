// PacketWindowAllocator: the memory file that a connection's packet windows lie
// in, and which of its bytes are taken.

#ifndef GOFER_SERVER_FLIPCALL_PACKET_WINDOW_ALLOCATOR_H_
#define GOFER_SERVER_FLIPCALL_PACKET_WINDOW_ALLOCATOR_H_

#include <cstdint>

#include "server/base/errno.h"
#include "server/base/unique_fd.h"

namespace gofer::flipcall {

// Where a window lies in the file.
struct WindowExtent {
  uint64_t offset = 0;  // Bytes, a multiple of the page size.
  uint64_t length = 0;  // Bytes, a multiple of the page size.
};

// Owns the file, which is made by the first Allocate: a connection without
// channels has none. The peer is given a duplicate; the seals keep it from
// shrinking the file under us and from sealing it against growth. Windows are
// never freed or reused while the allocator lives.
//
// Not thread-safe: the owner of the connection's list of channels guards it.
//
// Source: gVisor pkg/flipcall/packet_window_allocator.go, Nov 2023.
class PacketWindowAllocator {
 public:
  PacketWindowAllocator() = default;
  PacketWindowAllocator(const PacketWindowAllocator&) = delete;
  PacketWindowAllocator& operator=(const PacketWindowAllocator&) = delete;

  // Reserves `bytes` (1 to kMaxWindowBytes), rounded up to pages, behind all
  // earlier windows. The file's size doubles from one page until it holds them.
  // Errors: EINVAL, ENOMEM, and those of memfd_create and ftruncate.
  base::ErrnoOr<WindowExtent> Allocate(uint64_t bytes);

  // The file, borrowed; -1 before the first Allocate.
  int fd() const { return file_.get(); }

 private:
  base::ErrnoOr<void> CreateFile();
  base::ErrnoOr<void> GrowFile(uint64_t end);

  base::UniqueFd file_;
  uint64_t used_ = 0;
};

}  // namespace gofer::flipcall

#endif  // GOFER_SERVER_FLIPCALL_PACKET_WINDOW_ALLOCATOR_H_
