// Waiter: the policy of waiting for the peer. Spins for a short time when that
// has paid off lately, then parks on the futex.

#ifndef GOFER_SERVER_FLIPCALL_WAITER_H_
#define GOFER_SERVER_FLIPCALL_WAITER_H_

#include <atomic>
#include <cstdint>

#include "server/base/errno.h"
#include "server/flipcall/wait_environment.h"

namespace gofer::flipcall {

// Belongs to one endpoint and is used by one thread at a time. The environment
// outlives it.
//
// The budget, in nanoseconds of spinning per wait, follows what the waits were
// like. It is 0 at first. A wait that ended soon, spun or parked, says that
// spinning pays: the budget doubles. A wait that took long halves it, down to
// 0, so a channel that falls idle costs less than twice `max_spin_ns` in all
// and then what Park does: one wake-up per second, which is part of the same
// wait and teaches nothing. Time that went missing while we spun says that
// somebody else wanted the core: the budget drops to 0 at once and stays there
// for a pause that doubles each time this happens, up to `max_holdoff_ns`.
class Waiter {
 public:
  // Nanoseconds, but for the last.
  struct Tuning {
    uint64_t min_spin_ns;
    uint64_t max_spin_ns;
    // A wait that took at most this long, parking included, ended soon.
    uint64_t soon_ns;
    // A spin step that took this long was interrupted by another thread.
    uint64_t preempted_ns;
    uint64_t min_holdoff_ns;
    uint64_t max_holdoff_ns;
    // Spins that must be won for each one that is lost. A count, not a time.
    uint64_t min_wins;
  };
  static const Tuning kDefaultTuning;
  // Never spins.
  static const Tuning kParkOnly;

  // What happened so far; for tests and benchmarks.
  struct Counters {
    uint64_t spins_won = 0;   // The word changed while we spun.
    uint64_t spins_lost = 0;  // The budget ran out.
    uint64_t preempted = 0;   // Another thread took the core meanwhile.
    uint64_t parks = 0;       // Calls of Park.
    uint64_t spun_ns = 0;     // Time spent spinning.
  };

  explicit Waiter(WaitEnvironment& environment,
                  const Tuning& tuning = kDefaultTuning)
      : environment_(environment), tuning_(tuning) {}
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  // Blocks while `*word` is `value` and `interrupt` has no bit of `mask`.
  // The caller must look at both again: the word may change back. Whoever sets
  // the bit also wakes the word; otherwise, or when the wake is lost, it is
  // seen when Park ends by itself. Errors: those of Park.
  base::ErrnoOr<void> WaitWhile(uint32_t* word, uint32_t value,
                                const std::atomic<uint32_t>& interrupt,
                                uint32_t mask);

  uint64_t budget_ns() const { return budget_ns_; }
  const Counters& counters() const { return counters_; }

 private:
  enum class SpinResult { kNotSpun, kWon, kBudgetSpent, kPreempted };

  // What is waited for.
  struct Condition {
    bool Over() const {
      return word.load(std::memory_order_acquire) != value ||
             (interrupt.load(std::memory_order_acquire) & mask) != 0;
    }

    const std::atomic_ref<uint32_t> word;
    const uint32_t value;
    const std::atomic<uint32_t>& interrupt;
    const uint32_t mask;
  };

  // `*now_ns` is the time, before and after.
  SpinResult Spin(const Condition& condition, uint64_t* now_ns);
  void Learn(SpinResult spin, uint64_t start_ns, uint64_t end_ns);
  void Shrink();
  void BackOff(uint64_t now_ns);

  WaitEnvironment& environment_;
  const Tuning tuning_;

  uint64_t budget_ns_ = 0;
  uint64_t wins_since_loss_ = 0;
  uint64_t holdoff_ns_ = 0;         // Length of the last pause.
  uint64_t no_spin_before_ns_ = 0;  // End of it.
  Counters counters_;
};

}  // namespace gofer::flipcall

#endif  // GOFER_SERVER_FLIPCALL_WAITER_H_
