#include "server/flipcall/waiter.h"

#include <algorithm>

namespace gofer::flipcall {
namespace {

// Trouble that comes back within this many times the last holdoff doubles it.
constexpr uint64_t kCalmFactor = 4;

// A word of shared memory that is to change.
struct AwaitedWord {
  bool Look() const {
    return word.load(std::memory_order_acquire) != value ||
           (interrupt.load(std::memory_order_acquire) & mask) != 0;
  }
  base::ErrnoOr<bool> Park() {
    const uint32_t uninterrupted = interrupt.load(std::memory_order_acquire);
    if ((uninterrupted & mask) != 0) return true;
    const auto parked =
        environment.Park(address, value, interrupt, uninterrupted);
    if (!parked.ok()) return parked.error();
    return Look();
  }

  WaitEnvironment& environment;
  uint32_t* const address;
  const std::atomic_ref<uint32_t> word;
  const uint32_t value;
  const std::atomic<uint32_t>& interrupt;
  const uint32_t mask;
};

}  // namespace

// Measured by tests/bench/server/flipcall on a virtual machine of 2 CPUs: one
// round trip in us (medians of 12 to 57 runs), and in brackets the server's CPU
// time for it. The server works for 2 us; the client parks always, and thinks
// for so long between two round trips:
//
//   client thinks        0 us          10 us         40 us
//   idle, parking        26.0 (10.1)   67.2 (19.9)   113.3 (21.4)
//   idle, max 30 us      16.9 (13.5)   47.7 (24.1)   114.0 (21.6)
//   idle, max 50 us      15.2 (14.6)   29.0 (27.8)   114.6 (21.7)
//   idle, max 100 us     15.2 (14.6)   29.5 (28.1)    59.1 (57.5)
//   1 hog, parking        4.0 (2.9)    14.3 (3.2)     44.5 (3.3)
//   1 hog, max 50 us      4.0 (2.9)    14.5 (3.3)     45.2 (3.5)
//   2 hogs, parking      12.4 (3.3)    38.8 (3.5)    133.3 (3.5)
//   2 hogs, max 50 us    11.1 (3.3)    33.3 (3.6)    134.5 (3.7)
//
// max_spin_ns: 100 us wins where the client thinks long, but for more than
// twice the CPU time; up to 50 us the time saved outweighs it. soon_ns: that
// and the two wakes, some 45 us, that a parked round trip holds. preempted_ns:
// at 25 us the idle machine itself stopped the spinning six times in 10,000
// round trips; the scheduler's slices are above 700 us.
//
// min_holdoff_ns, max_holdoff_ns, min_wins: with 10 ms to 1 s and four wins a
// few lost spins kept us from spinning for most of a minute, and the scheduler
// leaves two threads that park on two CPUs, where a wake costs most. README.md
// has the figures. Spins that are never won take at most 0.12 of 1.12 ms once,
// and 0.12 of 20 ms when it goes on.
constinit const Waiter::Tuning Waiter::kDefaultTuning = {
    .min_spin_ns = 10'000,
    .max_spin_ns = 50'000,
    .soon_ns = 100'000,
    .preempted_ns = 300'000,
    .min_holdoff_ns = 1'000'000,
    .max_holdoff_ns = 20'000'000,
    .min_wins = 1,
};

constinit const Waiter::Tuning Waiter::kParkOnly = {};

base::ErrnoOr<void> Waiter::WaitWhile(uint32_t* word, uint32_t value,
                                      const std::atomic<uint32_t>& interrupt,
                                      uint32_t mask) {
  AwaitedWord awaited{environment_, word,      std::atomic_ref(*word),
                      value,        interrupt, mask};
  if (awaited.Look()) return {};
  return Wait(awaited);
}

void Waiter::Learn(SpinResult spin, uint64_t start_ns, uint64_t end_ns) {
  const bool soon = end_ns - start_ns <= tuning_.soon_ns;
  switch (spin) {
    case SpinResult::kWon:
      ++counters_.spins_won;
      ++wins_since_loss_;
      break;
    case SpinResult::kPreempted:
      ++counters_.preempted;
      BackOff(end_ns);
      return;
    case SpinResult::kBudgetSpent:
      ++counters_.spins_lost;
      if (soon && budget_ns_ < tuning_.max_spin_ns) break;
      if (wins_since_loss_ < tuning_.min_wins) {
        BackOff(end_ns);
      } else {
        Shrink();
      }
      wins_since_loss_ = 0;
      return;
    case SpinResult::kNotSpun:
      if (end_ns < no_spin_before_ns_) return;
      break;
  }
  if (soon) {
    budget_ns_ =
        std::clamp(budget_ns_ * 2, tuning_.min_spin_ns, tuning_.max_spin_ns);
  } else {
    Shrink();
  }
}

void Waiter::Shrink() {
  budget_ns_ /= 2;
  if (budget_ns_ < tuning_.min_spin_ns) budget_ns_ = 0;
}

void Waiter::BackOff(uint64_t now_ns) {
  // Spinning that went well for longer than we last abstained is a fresh start.
  const bool calm = now_ns - no_spin_before_ns_ > kCalmFactor * holdoff_ns_;
  holdoff_ns_ = calm ? tuning_.min_holdoff_ns
                     : std::min(holdoff_ns_ * 2, tuning_.max_holdoff_ns);
  no_spin_before_ns_ = now_ns + holdoff_ns_;
  budget_ns_ = 0;
  wins_since_loss_ = 0;
}

}  // namespace gofer::flipcall
