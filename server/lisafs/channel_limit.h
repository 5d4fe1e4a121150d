// ChannelLimit: how many channels the connections of a Server have together.

#ifndef GOFER_SERVER_LISAFS_CHANNEL_LIMIT_H_
#define GOFER_SERVER_LISAFS_CHANNEL_LIMIT_H_

#include <atomic>
#include <cstdint>

namespace gofer::lisafs {

// Unlike a Quota it may be changed; a lower limit takes no channel away.
// Thread-safe.
class ChannelLimit {
 public:
  void Set(uint32_t limit) { limit_.store(limit, std::memory_order_relaxed); }
  uint32_t in_use() const { return in_use_.load(std::memory_order_relaxed); }

  // Takes a place for one channel; false when none is left. GiveBack returns
  // it.
  bool TryTake() {
    uint32_t used = in_use();
    do {
      if (used >= limit_.load(std::memory_order_relaxed)) return false;
    } while (!in_use_.compare_exchange_weak(used, used + 1,
                                            std::memory_order_relaxed));
    return true;
  }
  void GiveBack() { in_use_.fetch_sub(1, std::memory_order_relaxed); }

 private:
  std::atomic<uint32_t> limit_ = UINT32_MAX;
  std::atomic<uint32_t> in_use_ = 0;
};

}  // namespace gofer::lisafs

#endif  // GOFER_SERVER_LISAFS_CHANNEL_LIMIT_H_
