// WaitEnvironment: what a Waiter needs from the machine. A test puts a clock
// and a sleep of its own in place of the machine's.

#ifndef GOFER_SERVER_FLIPCALL_WAIT_ENVIRONMENT_H_
#define GOFER_SERVER_FLIPCALL_WAIT_ENVIRONMENT_H_

#include <atomic>
#include <cstdint>

#include "server/base/errno.h"

namespace gofer::flipcall {

// Shared by all waiters of a process: implementations are thread-safe.
class WaitEnvironment {
 public:
  virtual ~WaitEnvironment() = default;

  // Monotonic nanoseconds.
  virtual uint64_t NowNanos() = 0;

  // Takes one of the process's few places for spinning threads, or returns
  // false when there is none left. Each success is paid back by one
  // LeaveSpinPlace.
  virtual bool TakeSpinPlace() = 0;
  virtual void LeaveSpinPlace() = 0;

  // Lets some tens of nanoseconds pass without leaving the core.
  virtual void Pause() = 0;

  // As FutexWaitEither: until `*word` or `interrupt` is woken, or for no time
  // at all when one of them is not as expected.
  virtual base::ErrnoOr<void> Park(const uint32_t* word, uint32_t expected,
                                   const std::atomic<uint32_t>& interrupt,
                                   uint32_t uninterrupted) = 0;
};

// The machine that this process runs on. It lets one thread spin for every two
// CPUs that the process may use: every spinner waits for a peer that needs a
// core of its own, so more spinners would wait for each other. Lives until the
// process ends.
WaitEnvironment& HostWaitEnvironment();

}  // namespace gofer::flipcall

#endif  // GOFER_SERVER_FLIPCALL_WAIT_ENVIRONMENT_H_
