#include "server/worker/await_readable.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "server/base/clock.h"

namespace gofer::worker {
namespace {

// Rounded up: at 0 the time is over.
int MillisUntil(uint64_t end_nanos) {
  constexpr uint64_t kNanosPerMilli = 1'000'000;
  const uint64_t now = base::MonotonicNanos();
  if (now >= end_nanos) return 0;
  return static_cast<int>(std::min<uint64_t>(
      (end_nanos - now + kNanosPerMilli - 1) / kNanosPerMilli, INT_MAX));
}

}  // namespace

Awaited AwaitReadable(int fd, uint64_t end_nanos) {
  pollfd entry = {.fd = fd, .events = POLLIN, .revents = 0};
  while (true) {
    const int millis = MillisUntil(end_nanos);
    const int ready = ::poll(&entry, 1, millis);
    if (ready > 0) {
      if ((entry.revents & POLLNVAL) == 0) return Awaited::kReadable;
      errno = EBADF;
      return Awaited::kFailed;
    }
    if (ready < 0 && errno != EINTR) return Awaited::kFailed;
    if (millis == 0) return Awaited::kTimeOver;
  }
}

}  // namespace gofer::worker
