// PacketWindow: the mapping of one channel's shared memory.

#ifndef GOFER_SERVER_FLIPCALL_PACKET_WINDOW_H_
#define GOFER_SERVER_FLIPCALL_PACKET_WINDOW_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "server/base/errno.h"
#include "server/flipcall/layout.h"

namespace gofer::flipcall {

// Owns the mapping, not the file. Unmaps on destruction, which must come after
// the last thread has left the endpoint that uses it. The peer can change every
// byte of it at any time.
class PacketWindow {
 public:
  // Maps `length` bytes (one page to kMaxWindowBytes) of the borrowed `fd` at
  // `offset` (a multiple of the page size). The range must lie inside the file
  // and the file must not be able to shrink, or an access raises SIGBUS: see
  // MapSealed. Errors: EINVAL, and those of mmap.
  static base::ErrnoOr<PacketWindow> Map(int fd, uint64_t offset,
                                         uint64_t length);

  // As Map, for an FD, offset and length that the peer made up: checks that the
  // range lies inside the file and that F_SEAL_SHRINK keeps it there. Errors:
  // EINVAL, those of fstat, fcntl and mmap.
  static base::ErrnoOr<PacketWindow> MapSealed(int fd, uint64_t offset,
                                               uint64_t length);

  PacketWindow(PacketWindow&& other) noexcept
      : base_(std::exchange(other.base_, nullptr)),
        length_(std::exchange(other.length_, 0)) {}
  PacketWindow& operator=(PacketWindow&& other) noexcept;
  PacketWindow(const PacketWindow&) = delete;
  PacketWindow& operator=(const PacketWindow&) = delete;
  ~PacketWindow();

  // The futex word.
  uint32_t* conn_state_word() const { return Word(kConnStateOffset); }
  std::atomic_ref<uint32_t> conn_state() const {
    return std::atomic_ref<uint32_t>(*conn_state_word());
  }
  std::atomic_ref<uint32_t> data_len() const {
    return std::atomic_ref<uint32_t>(*Word(kDataLenOffset));
  }
  // Where the datagram goes; its size is the longest datagram that fits
  // (dataCap).
  std::span<std::byte> data() const {
    return {base_ + kPacketHeaderBytes, length_ - kPacketHeaderBytes};
  }

 private:
  PacketWindow(std::byte* base, size_t length) : base_(base), length_(length) {}

  uint32_t* Word(size_t offset) const {
    return reinterpret_cast<uint32_t*>(base_ + offset);
  }

  std::byte* base_;
  size_t length_;
};

}  // namespace gofer::flipcall

#endif  // GOFER_SERVER_FLIPCALL_PACKET_WINDOW_H_
