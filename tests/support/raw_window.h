// RawWindow: a peer of a flipcall endpoint that plays by no rules. Maps the
// same file a second time, as another process would.

#ifndef GOFER_TESTS_SUPPORT_RAW_WINDOW_H_
#define GOFER_TESTS_SUPPORT_RAW_WINDOW_H_

#include <sched.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"
#include "server/flipcall/futex.h"
#include "server/flipcall/packet_window.h"
#include "server/flipcall/packet_window_allocator.h"

namespace gofer::test {

class RawWindow {
 public:
  explicit RawWindow(flipcall::PacketWindow window)
      : window_(std::move(window)) {}

  std::atomic_ref<uint32_t> state() const { return window_.conn_state(); }
  std::atomic_ref<uint32_t> data_len() const { return window_.data_len(); }
  uint32_t* futex_word() const { return window_.conn_state_word(); }
  std::byte* data() const { return window_.data().data(); }
  size_t data_cap() const { return window_.data().size(); }

  // Writes the datagram and its length.
  void Put(absl::string_view datagram) const {
    std::memcpy(data(), datagram.data(), datagram.size());
    data_len().store(static_cast<uint32_t>(datagram.size()));
  }

  // Sets the state and wakes whoever waits for it.
  void SetState(uint32_t value) const {
    state().store(value);
    flipcall::FutexWake(futex_word(), 1);
  }

  // Waits until the state is not `value`, and returns it.
  uint32_t AwaitStateNot(uint32_t value) const {
    for (;;) {
      const uint32_t now = state().load();
      if (now != value) return now;
      ::sched_yield();
    }
  }

  // The first `count` bytes of the window in lower-case hexadecimal.
  std::string Hex(size_t count) const {
    const std::byte* const window = data() - flipcall::kPacketHeaderBytes;
    return absl::BytesToHexString(
        absl::string_view(reinterpret_cast<const char*>(window), count));
  }

 private:
  const flipcall::PacketWindow window_;
};

// One fresh window, mapped `Map()` times by as many peers.
class WindowFile {
 public:
  explicit WindowFile(uint64_t bytes = 4096)
      : extent_(*allocator_.Allocate(bytes)) {}

  flipcall::PacketWindow Map() const {
    return *flipcall::PacketWindow::Map(allocator_.fd(), extent_.offset,
                                        extent_.length);
  }
  RawWindow Raw() const { return RawWindow(Map()); }
  int fd() const { return allocator_.fd(); }

 private:
  flipcall::PacketWindowAllocator allocator_;
  const flipcall::WindowExtent extent_;
};

}  // namespace gofer::test

#endif  // GOFER_TESTS_SUPPORT_RAW_WINDOW_H_
