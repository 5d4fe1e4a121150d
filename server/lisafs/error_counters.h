// ErrorCounters: how often one message was answered which errno.

#ifndef GOFER_SERVER_LISAFS_ERROR_COUNTERS_H_
#define GOFER_SERVER_LISAFS_ERROR_COUNTERS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>

#include "server/metrics/counter.h"

namespace gofer::lisafs {

// Room for a few errnos, in the order in which they came up; later errnos are
// counted together. 88 bytes, because there is one object for each message of
// each pathway. One writer, any number of readers; see metrics::Counter.
class ErrorCounters {
 public:
  static constexpr size_t kSlots = 8;
  // The key of the errnos that had no room.
  static constexpr int kOther = 0;
  // The largest errno that is told apart.
  static constexpr int kMaxErrno = 4095;

  void Add(int number) {
    if (number > 0 && number <= kMaxErrno) {
      for (size_t i = 0; i < kSlots; ++i) {
        const int taken = numbers_[i].load(std::memory_order_relaxed);
        if (taken != number && taken != kFree) continue;
        counts_[i].Add(1);
        if (taken == kFree) {
          numbers_[i].store(static_cast<uint16_t>(number),
                            std::memory_order_release);
        }
        return;
      }
    }
    other_.Add(1);
  }

  // Adds to `sums` and returns the sum of what was added.
  uint64_t AddTo(std::map<int, uint64_t>& sums) const {
    uint64_t total = 0;
    for (size_t i = 0; i < kSlots; ++i) {
      const int number = numbers_[i].load(std::memory_order_acquire);
      if (number == kFree) break;
      const uint64_t count = counts_[i].Get();
      sums[number] += count;
      total += count;
    }
    if (const uint64_t other = other_.Get(); other != 0) {
      sums[kOther] += other;
      total += other;
    }
    return total;
  }

 private:
  static constexpr int kFree = 0;

  std::array<metrics::Counter, kSlots> counts_;
  metrics::Counter other_;
  std::array<std::atomic<uint16_t>, kSlots> numbers_{};
};

}  // namespace gofer::lisafs

#endif  // GOFER_SERVER_LISAFS_ERROR_COUNTERS_H_
