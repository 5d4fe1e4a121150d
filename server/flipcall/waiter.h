// Waiter: the policy of waiting for the peer. Spins for a short time when that
// has paid off lately, then parks in the kernel.

#ifndef GOFER_SERVER_FLIPCALL_WAITER_H_
#define GOFER_SERVER_FLIPCALL_WAITER_H_

#include <atomic>
#include <concepts>
#include <cstdint>

#include "server/base/errno.h"
#include "server/flipcall/wait_environment.h"

namespace gofer::flipcall {

// Something to wait for. Look is one quick look, Park blocks for a while, or
// until the wait is over; both say whether it is over.
template <typename T>
concept Awaited = requires(T awaited) {
  { awaited.Look() } -> std::same_as<bool>;
  { awaited.Park() } -> std::same_as<base::ErrnoOr<bool>>;
};

// Belongs to one endpoint or socket and is used by one thread at a time. The
// environment outlives it.
//
// The budget, in nanoseconds of spinning per wait, follows the waits before. It
// is 0 at first. A wait that ended soon, spun or parked, says that spinning
// pays: the budget doubles. A wait that took long halves it, down to 0, so a
// channel that falls idle costs less than twice `max_spin_ns` in all and then
// nothing. A wake-up that ends no wait is part of it and teaches nothing. Time
// that went missing while we spun says that another thread wanted the core: the
// budget drops to 0 at once and stays there for a pause that doubles each time
// this happens, up to `max_holdoff_ns`.
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
    // Spins that must be won for each spin that is lost. A count, not a time.
    uint64_t min_wins;
  };
  static const Tuning kDefaultTuning;
  // Never spins.
  static const Tuning kParkOnly;

  // Counts of the waits so far; for tests and benchmarks.
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

  // Blocks while `*word` is `value` and `interrupt` has no bit of `mask`. The
  // caller must look at both again: the word may change back. A thread that
  // sets the bit must also wake both words: the machine may have no sleep on
  // both. Errors: those of Park.
  base::ErrnoOr<void> WaitWhile(uint32_t* word, uint32_t value,
                                const std::atomic<uint32_t>& interrupt,
                                uint32_t mask);

  // Blocks until `awaited` is over. The caller has looked once already: where
  // spinning gains nothing, this parks at once. Errors: those of Park.
  template <Awaited T>
  base::ErrnoOr<void> Wait(T& awaited);

  uint64_t budget_ns() const { return budget_ns_; }
  const Counters& counters() const { return counters_; }

 private:
  enum class SpinResult { kNotSpun, kWon, kBudgetSpent, kPreempted };

  // The looks at `awaited` for each look at the clock, which costs about as
  // much.
  static constexpr int kLooksPerStep = 8;

  // `*now_ns` is the time, before and after; `*over` is the answer of the last
  // look.
  template <Awaited T>
  SpinResult Spin(T& awaited, uint64_t* now_ns, bool* over);
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

template <Awaited T>
base::ErrnoOr<void> Waiter::Wait(T& awaited) {
  const bool learns = tuning_.max_spin_ns > 0;
  const uint64_t start_ns = learns ? environment_.NowNanos() : 0;
  uint64_t now_ns = start_ns;
  bool over = false;
  const SpinResult spin = Spin(awaited, &now_ns, &over);
  if (!over) {
    do {
      ++counters_.parks;
      const base::ErrnoOr<bool> parked = awaited.Park();
      if (!parked.ok()) return parked.error();
      over = *parked;
    } while (!over);
    if (learns) now_ns = environment_.NowNanos();
  }
  if (learns) Learn(spin, start_ns, now_ns);
  return {};
}

template <Awaited T>
Waiter::SpinResult Waiter::Spin(T& awaited, uint64_t* now_ns, bool* over) {
  if (budget_ns_ == 0 || !environment_.TakeSpinPlace()) {
    return SpinResult::kNotSpun;
  }
  const uint64_t start_ns = *now_ns;
  SpinResult result = SpinResult::kBudgetSpent;
  do {
    const uint64_t step_ns = *now_ns;
    for (int look = 0; look < kLooksPerStep && !*over; ++look) {
      environment_.Pause();
      *over = awaited.Look();
    }
    *now_ns = environment_.NowNanos();
    if (*now_ns - step_ns >= tuning_.preempted_ns) {
      result = SpinResult::kPreempted;
      break;
    }
    if (*over) {
      result = SpinResult::kWon;
      break;
    }
  } while (*now_ns - start_ns < budget_ns_);
  environment_.LeaveSpinPlace();
  counters_.spun_ns += *now_ns - start_ns;
  return result;
}

}  // namespace gofer::flipcall

#endif  // GOFER_SERVER_FLIPCALL_WAITER_H_
