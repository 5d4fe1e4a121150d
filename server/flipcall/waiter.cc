#include "server/flipcall/waiter.h"

#include <algorithm>

namespace gofer::flipcall {
namespace {

// Looks at the word between two looks at the clock: the clock costs as much as
// about one pause.
constexpr int kLooksPerStep = 8;
// Trouble that comes back within so many times the last holdoff doubles it.
constexpr uint64_t kCalmFactor = 4;

}  // namespace

constinit const Waiter::Tuning Waiter::kDefaultTuning = {
    .min_spin_ns = 10'000,
    .max_spin_ns = 50'000,
    .soon_ns = 100'000,
    .preempted_ns = 300'000,
    .min_holdoff_ns = 10'000'000,
    .max_holdoff_ns = 1'000'000'000,
    .min_wins = 4,
};

constinit const Waiter::Tuning Waiter::kParkOnly = {};

base::ErrnoOr<void> Waiter::WaitWhile(uint32_t* word, uint32_t value,
                                      const std::atomic<uint32_t>& interrupt,
                                      uint32_t mask) {
  const Condition condition{std::atomic_ref<uint32_t>(*word), value, interrupt,
                            mask};
  if (condition.Over()) return {};
  const bool learns = tuning_.max_spin_ns > 0;
  const uint64_t start_ns = learns ? environment_.NowNanos() : 0;
  uint64_t now_ns = start_ns;
  const SpinResult spin = Spin(condition, &now_ns);
  if (!condition.Over()) {
    do {
      ++counters_.parks;
      const auto parked = environment_.Park(word, value);
      if (!parked.ok()) return parked;
    } while (!condition.Over());
    if (learns) now_ns = environment_.NowNanos();
  }
  if (learns) Learn(spin, start_ns, now_ns);
  return {};
}

Waiter::SpinResult Waiter::Spin(const Condition& condition, uint64_t* now_ns) {
  if (budget_ns_ == 0 || !environment_.TakeSpinPlace()) {
    return SpinResult::kNotSpun;
  }
  const uint64_t start_ns = *now_ns;
  SpinResult result = SpinResult::kBudgetSpent;
  do {
    const uint64_t step_ns = *now_ns;
    bool over = false;
    for (int look = 0; look < kLooksPerStep && !over; ++look) {
      environment_.Pause();
      over = condition.Over();
    }
    *now_ns = environment_.NowNanos();
    if (*now_ns - step_ns >= tuning_.preempted_ns) {
      result = SpinResult::kPreempted;
      break;
    }
    if (over) {
      result = SpinResult::kWon;
      break;
    }
  } while (*now_ns - start_ns < budget_ns_);
  environment_.LeaveSpinPlace();
  counters_.spun_ns += *now_ns - start_ns;
  return result;
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
