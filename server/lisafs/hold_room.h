// HoldRoom: the place where requests wait while a rule holds them back.

#ifndef GOFER_SERVER_LISAFS_HOLD_ROOM_H_
#define GOFER_SERVER_LISAFS_HOLD_ROOM_H_

#include <chrono>
#include <cstdint>

#include "server/base/mutex.h"

namespace gofer::lisafs {

// A Server has one room: a wait ends by a change of a rule or of a connection,
// both of which are rare. Thread-safe. Its lock is a leaf.
class HoldRoom {
 public:
  // Stands for no deadline.
  static constexpr uint64_t kForever = UINT64_MAX;

  // Blocks until `done` is true or base::MonotonicNanos has reached
  // `deadline_ns`. `done` is called with the room's lock held, at once and
  // after every Wake, and takes no lock.
  template <class Done>
  void Wait(uint64_t deadline_ns, Done done) {
    base::MutexLock lock(mu_);
    while (!done()) {
      if (deadline_ns >= kFarAwayNs) {
        changed_.Wait(mu_);
      } else if (!changed_.WaitUntil(mu_, ToTimePoint(deadline_ns))) {
        return;
      }
    }
  }

  // Call it after a change of anything that a `done` looks at.
  void Wake() {
    base::MutexLock lock(mu_);
    changed_.NotifyAll();
  }

 private:
  // Deadlines from here on count as none: the clock could overflow on them.
  static constexpr uint64_t kFarAwayNs = uint64_t{1} << 62;

  // The steady clock of libstdc++ is CLOCK_MONOTONIC.
  static std::chrono::steady_clock::time_point ToTimePoint(uint64_t ns) {
    return std::chrono::steady_clock::time_point(
        std::chrono::nanoseconds(static_cast<int64_t>(ns)));
  }

  base::Mutex mu_;
  base::CondVar changed_;
};

}  // namespace gofer::lisafs

#endif  // GOFER_SERVER_LISAFS_HOLD_ROOM_H_
