// Counter: a sum on the hot path. Each instance has one writer at a time (a
// pathway's thread), so that an update is a plain add, with no locked
// instruction; readers on other threads see the number whole.

#ifndef GOFER_SERVER_METRICS_COUNTER_H_
#define GOFER_SERVER_METRICS_COUNTER_H_

#include <atomic>
#include <cstdint>

namespace gofer::metrics {

// A sum that one thread adds to and any thread reads.
class Counter {
 public:
  void Add(uint64_t n) {
    value_.store(value_.load(std::memory_order_relaxed) + n,
                 std::memory_order_relaxed);
  }
  uint64_t Get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_ = 0;
};

}  // namespace gofer::metrics

#endif  // GOFER_SERVER_METRICS_COUNTER_H_
