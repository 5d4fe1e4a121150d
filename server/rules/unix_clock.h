// UnixClock: the time of day, by which rules expire.

#ifndef GOFER_SERVER_RULES_UNIX_CLOCK_H_
#define GOFER_SERVER_RULES_UNIX_CLOCK_H_

#include <time.h>

#include <cstdint>
#include <functional>

namespace gofer::rules {

// Returns nanoseconds since 1970. Many threads may call it at once.
using UnixClock = std::function<int64_t()>;

inline int64_t UnixNanos() {
  timespec now;
  ::clock_gettime(CLOCK_REALTIME, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace gofer::rules

#endif  // GOFER_SERVER_RULES_UNIX_CLOCK_H_
