// MonotonicNanos: the time for latencies and spin budgets.

#ifndef GOFER_SERVER_BASE_CLOCK_H_
#define GOFER_SERVER_BASE_CLOCK_H_

#include <time.h>

#include <cstdint>

namespace gofer::base {

// Nanoseconds of CLOCK_MONOTONIC. Costs no system call (vDSO).
inline uint64_t MonotonicNanos() {
  timespec now;
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000u +
         static_cast<uint64_t>(now.tv_nsec);
}

}  // namespace gofer::base

#endif  // GOFER_SERVER_BASE_CLOCK_H_
