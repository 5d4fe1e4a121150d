// LatencyHistogram: durations by powers of two, cheap enough for every request.

#ifndef GOFER_SERVER_METRICS_LATENCY_HISTOGRAM_H_
#define GOFER_SERVER_METRICS_LATENCY_HISTOGRAM_H_

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "server/metrics/counter.h"

namespace gofer::metrics {

// Counts durations by powers of two. Bucket 0 holds durations below 256 ns,
// bucket i durations in [2^(7+i), 2^(8+i)) ns, and the last bucket all from
// 2^(6+kBuckets) ns (about 0.5 s) on. One writer, any number of readers; see
// Counter.
class LatencyHistogram {
 public:
  static constexpr size_t kBuckets = 23;

  // Returns the bucket of a duration in nanoseconds.
  static constexpr size_t BucketOf(uint64_t ns) {
    const auto width = static_cast<size_t>(std::bit_width(ns));
    if (width <= 8) return 0;
    return width - 8 < kBuckets ? width - 8 : kBuckets - 1;
  }
  // Returns the first duration, in nanoseconds, that is too long for `bucket`;
  // the last bucket has no bound and gives the maximum.
  static constexpr uint64_t UpperBound(size_t bucket) {
    return bucket + 1 < kBuckets ? uint64_t{1} << (8 + bucket) : UINT64_MAX;
  }

  void Add(uint64_t ns) {
    buckets_[BucketOf(ns)].Add(1);
    sum_.Add(ns);
  }
  uint64_t bucket(size_t i) const { return buckets_[i].Get(); }
  uint64_t sum_ns() const { return sum_.Get(); }

 private:
  std::array<Counter, kBuckets> buckets_;
  Counter sum_;
};

}  // namespace gofer::metrics

#endif  // GOFER_SERVER_METRICS_LATENCY_HISTOGRAM_H_
