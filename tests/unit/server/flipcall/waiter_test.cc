#include "server/flipcall/waiter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>

#include "server/flipcall/wait_environment.h"

namespace gofer::flipcall {
namespace {

constexpr uint32_t kWaited = 1;
constexpr uint32_t kAnswered = 0;
constexpr uint32_t kMask = 2;

constexpr Waiter::Tuning kTuning = {
    .min_spin_ns = 10'000,
    .max_spin_ns = 40'000,
    .soon_ns = 100'000,
    .preempted_ns = 20'000,
    .min_holdoff_ns = 1'000'000,
    .max_holdoff_ns = 4'000'000,
    .min_wins = 2,
};
constexpr uint64_t kPauseNanos = 50;

// A machine on which the peer answers at a given time. Nothing in it waits.
class FakeEnvironment final : public WaitEnvironment {
 public:
  uint64_t NowNanos() override {
    ++clock_reads;
    return now;
  }

  bool TakeSpinPlace() override {
    if (places == 0) return false;
    --places;
    return true;
  }
  void LeaveSpinPlace() override { ++places; }

  void Pause() override {
    ++pauses;
    now += kPauseNanos;
    if (preempted_at != 0 && now >= preempted_at) {
      now += 3'000'000;
      preempted_at = 0;
    }
    Answer();
  }

  base::ErrnoOr<void> Park(const uint32_t* at, uint32_t expected,
                           const std::atomic<uint32_t>& interrupting,
                           uint32_t uninterrupted) override {
    EXPECT_EQ(at, &word);
    EXPECT_EQ(expected, kWaited);
    EXPECT_EQ(&interrupting, &interrupt);
    EXPECT_EQ(uninterrupted & kMask, 0u);
    if (park_error != 0) return base::Errno(park_error);
    if (spurious_wakes > 0) {
      --spurious_wakes;
      now += 1000;
      return {};
    }
    now = std::min(now + longest_park, std::max(now, answer_at));
    Answer();
    return {};
  }

  void Answer() {
    if (now < answer_at) return;
    if (answer_is_interrupt) {
      interrupt.store(kMask);
    } else {
      word = kAnswered;
    }
  }

  uint64_t now = 1'000'000'000;
  uint64_t answer_at = 0;
  uint64_t preempted_at = 0;
  bool answer_is_interrupt = false;
  uint64_t longest_park = uint64_t{1} << 62;
  int spurious_wakes = 0;
  int park_error = 0;
  int places = 1;
  int clock_reads = 0;
  int pauses = 0;
  uint32_t word = kWaited;
  std::atomic<uint32_t> interrupt = 0;
};

class WaiterTest : public testing::Test {
 protected:
  // Waits for an answer that comes after `nanos`.
  void WaitFor(uint64_t nanos) {
    env_.word = kWaited;
    env_.answer_at = env_.now + nanos;
    EXPECT_TRUE(Wait().ok());
    EXPECT_EQ(env_.word, kAnswered);
    // Whatever happened, the place is free again.
    EXPECT_EQ(env_.places, 1);
  }

  base::ErrnoOr<void> Wait() {
    return waiter_.WaitWhile(&env_.word, kWaited, env_.interrupt, kMask);
  }

  void GrowToMaximum() {
    for (int i = 0; i < 10; ++i) WaitFor(1000);
    ASSERT_EQ(waiter_.budget_ns(), kTuning.max_spin_ns);
  }

  FakeEnvironment env_;
  Waiter waiter_{env_, kTuning};
};

TEST_F(WaiterTest, DoesNothingWhenTheWordDiffersAlready) {
  env_.word = kAnswered;
  EXPECT_TRUE(Wait().ok());
  EXPECT_EQ(waiter_.counters().parks, 0u);
  EXPECT_EQ(env_.clock_reads, 0);
}

TEST_F(WaiterTest, DoesNothingWhenInterruptedAlready) {
  env_.interrupt = kMask | 1;
  EXPECT_TRUE(Wait().ok());
  EXPECT_EQ(waiter_.counters().parks, 0u);
}

TEST_F(WaiterTest, OtherBitsDoNotInterrupt) {
  env_.interrupt = 1;
  WaitFor(1000);
  EXPECT_EQ(waiter_.counters().parks, 1u);
}

TEST_F(WaiterTest, FirstWaitParks) {
  WaitFor(1000);
  EXPECT_EQ(waiter_.counters().parks, 1u);
  EXPECT_EQ(env_.pauses, 0);
}

TEST_F(WaiterTest, ShortWaitsGrowTheBudgetUpToTheMaximum) {
  WaitFor(kTuning.soon_ns);
  EXPECT_EQ(waiter_.budget_ns(), 10'000u);
  WaitFor(kTuning.soon_ns);
  EXPECT_EQ(waiter_.budget_ns(), 20'000u);
  WaitFor(1000);
  EXPECT_EQ(waiter_.budget_ns(), 40'000u);
  WaitFor(1000);
  EXPECT_EQ(waiter_.budget_ns(), 40'000u);
}

TEST_F(WaiterTest, AnswerDuringTheSpinDoesNotPark) {
  GrowToMaximum();
  const uint64_t parks = waiter_.counters().parks;
  WaitFor(30'000);
  EXPECT_EQ(waiter_.counters().parks, parks);
  EXPECT_GE(waiter_.counters().spins_won, 1u);
}

TEST_F(WaiterTest, InterruptEndsTheSpin) {
  GrowToMaximum();
  const uint64_t parks = waiter_.counters().parks;
  env_.word = kWaited;
  env_.answer_is_interrupt = true;
  env_.answer_at = env_.now + 5000;
  EXPECT_TRUE(Wait().ok());
  EXPECT_EQ(env_.word, kWaited);
  EXPECT_EQ(waiter_.counters().parks, parks);
  EXPECT_LT(env_.now, env_.answer_at + 1000);
}

TEST_F(WaiterTest, InterruptEndsTheParking) {
  env_.answer_is_interrupt = true;
  env_.answer_at = env_.now + 5000;
  EXPECT_TRUE(Wait().ok());
  EXPECT_EQ(waiter_.counters().parks, 1u);
}

TEST_F(WaiterTest, OneWaitSpinsNoLongerThanItsBudget) {
  GrowToMaximum();
  const uint64_t spun = waiter_.counters().spun_ns;
  WaitFor(10'000'000);
  EXPECT_EQ(waiter_.counters().spins_lost, 1u);
  // One step is the grain of the clock.
  EXPECT_LE(waiter_.counters().spun_ns - spun, kTuning.max_spin_ns + 1000);
}

TEST_F(WaiterTest, IdleChannelSpendsABoundedTimeAndThenNone) {
  GrowToMaximum();
  const uint64_t spun = waiter_.counters().spun_ns;
  for (int i = 0; i < 100; ++i) WaitFor(1'000'000);
  EXPECT_EQ(waiter_.budget_ns(), 0u);
  EXPECT_LT(waiter_.counters().spun_ns - spun, 2 * kTuning.max_spin_ns);
  const int pauses = env_.pauses;
  for (int i = 0; i < 1000; ++i) WaitFor(1'000'000);
  EXPECT_EQ(env_.pauses, pauses);
}

TEST_F(WaiterTest, FalseWakesParkAgainWithoutSpinning) {
  GrowToMaximum();
  const Waiter::Counters before = waiter_.counters();
  env_.spurious_wakes = 10'000;
  WaitFor(1'000'000'000);
  EXPECT_EQ(waiter_.counters().parks - before.parks, 10'001u);
  EXPECT_LE(waiter_.counters().spun_ns - before.spun_ns,
            kTuning.max_spin_ns + 1000);
  EXPECT_EQ(waiter_.counters().spins_lost - before.spins_lost, 1u);
}

TEST_F(WaiterTest, TimeoutsOfTheParkingAreNotSpunAndTeachNothing) {
  GrowToMaximum();
  const Waiter::Counters before = waiter_.counters();
  env_.longest_park = 1'000'000'000;
  WaitFor(uint64_t{3600} * 1'000'000'000);
  EXPECT_EQ(waiter_.counters().parks - before.parks, 3600u);
  EXPECT_LE(waiter_.counters().spun_ns - before.spun_ns,
            kTuning.max_spin_ns + 1000);
  // A single wait that took long.
  EXPECT_EQ(waiter_.counters().spins_lost - before.spins_lost, 1u);
  EXPECT_EQ(waiter_.budget_ns(), kTuning.max_spin_ns / 2);
}

// The peer shares our core, say: it answers soon, but only once we sleep.
TEST_F(WaiterTest, SpinningThatNeverWinsIsGivenUpForAWhile) {
  for (int i = 0; i < 4; ++i) WaitFor(90'000);
  EXPECT_EQ(waiter_.counters().spins_lost, 3u);
  EXPECT_EQ(waiter_.budget_ns(), 0u);
  const uint64_t until = env_.now + kTuning.min_holdoff_ns;
  const int pauses = env_.pauses;
  while (env_.now + 90'000 < until) WaitFor(90'000);
  EXPECT_EQ(env_.pauses, pauses);
}

TEST_F(WaiterTest, OneLossAmongManyWinsOnlyHalvesTheBudget) {
  GrowToMaximum();
  WaitFor(10'000'000);
  EXPECT_EQ(waiter_.counters().spins_lost, 1u);
  EXPECT_EQ(waiter_.budget_ns(), kTuning.max_spin_ns / 2);
  // The next loss comes without wins in between.
  WaitFor(10'000'000);
  EXPECT_EQ(waiter_.budget_ns(), 0u);
}

TEST_F(WaiterTest, SpinsOnlyWithAPlace) {
  GrowToMaximum();
  const int pauses = env_.pauses;
  env_.places = 0;
  env_.word = kWaited;
  env_.answer_at = env_.now + 1000;
  EXPECT_TRUE(Wait().ok());
  EXPECT_EQ(env_.pauses, pauses);
  EXPECT_EQ(env_.places, 0);
}

TEST_F(WaiterTest, PreemptionStopsTheSpinAndAllFurtherOnesForAWhile) {
  GrowToMaximum();
  env_.preempted_at = env_.now + 5000;
  WaitFor(8'000'000);
  EXPECT_EQ(waiter_.counters().preempted, 1u);
  EXPECT_EQ(waiter_.budget_ns(), 0u);
  const int pauses = env_.pauses;
  const uint64_t until = env_.now + kTuning.min_holdoff_ns;
  while (env_.now + 1000 < until) WaitFor(1000);
  EXPECT_EQ(env_.pauses, pauses);
  for (int i = 0; i < 3; ++i) WaitFor(1000);
  EXPECT_GT(env_.pauses, pauses);
}

TEST_F(WaiterTest, PreemptionCountsAlsoWhenTheAnswerCameMeanwhile) {
  GrowToMaximum();
  env_.preempted_at = env_.now + 5000;
  WaitFor(6000);
  EXPECT_EQ(waiter_.counters().preempted, 1u);
  EXPECT_EQ(waiter_.budget_ns(), 0u);
}

// How long it does not spin after a preemption from now.
class WaiterHoldoffTest : public WaiterTest {
 protected:
  uint64_t HoldoffOfOnePreemption() {
    while (waiter_.budget_ns() == 0) WaitFor(1000);
    env_.preempted_at = env_.now + 100;
    WaitFor(4'000'000);
    const uint64_t start = env_.now;
    while (waiter_.budget_ns() == 0) WaitFor(1000);
    return env_.now - start;
  }
};

TEST_F(WaiterHoldoffTest, DoublesUpToItsMaximumAndForgetsAfterACalmTime) {
  constexpr uint64_t kGrain = 2000;
  GrowToMaximum();
  for (const uint64_t expected :
       {1'000'000u, 2'000'000u, 4'000'000u, 4'000'000u}) {
    const uint64_t holdoff = HoldoffOfOnePreemption();
    EXPECT_GE(holdoff, expected);
    EXPECT_LE(holdoff, expected + kGrain);
  }
  env_.now += 10 * kTuning.max_holdoff_ns;
  EXPECT_LE(HoldoffOfOnePreemption(), kTuning.min_holdoff_ns + kGrain);
}

TEST_F(WaiterTest, ParkErrorIsReported) {
  env_.park_error = EFAULT;
  env_.answer_at = env_.now + 1000;
  EXPECT_EQ(Wait().error(), base::Errno(EFAULT));
}

// The tuning that is deployed.
class WaiterDefaultTest : public testing::Test {
 protected:
  void WaitFor(uint64_t nanos) {
    env_.word = kWaited;
    env_.answer_at = env_.now + nanos;
    EXPECT_TRUE(
        waiter_.WaitWhile(&env_.word, kWaited, env_.interrupt, kMask).ok());
  }

  FakeEnvironment env_;
  Waiter waiter_{env_};
};

// The peer answers soon, but only once we sleep.
TEST_F(WaiterDefaultTest, SpinsThatAreNeverWonTakeAHundredthOfTheCoreAtMost) {
  const uint64_t start = env_.now;
  while (env_.now - start < 5'000'000'000) WaitFor(90'000);
  EXPECT_EQ(waiter_.counters().spins_won, 0u);
  EXPECT_GT(waiter_.counters().spins_lost, 0u);
  EXPECT_LT(waiter_.counters().spun_ns, (env_.now - start) / 100);
}

TEST_F(WaiterDefaultTest, SpinsAgainSoonAfterAFewLosses) {
  for (int i = 0; i < 20; ++i) WaitFor(1000);
  for (int i = 0; i < 2; ++i) WaitFor(10'000'000);
  EXPECT_EQ(waiter_.budget_ns(), 0u);
  const uint64_t won = waiter_.counters().spins_won;
  const uint64_t start = env_.now;
  while (waiter_.counters().spins_won == won) WaitFor(1000);
  EXPECT_LT(env_.now - start, 2'000'000u);
}

TEST_F(WaiterDefaultTest, OneWinMakesUpForOneLoss) {
  for (int i = 0; i < 20; ++i) WaitFor(1000);
  for (int i = 0; i < 1000; ++i) {
    WaitFor(10'000'000);
    WaitFor(1000);
    EXPECT_GT(waiter_.budget_ns(), 0u);
  }
}

TEST(WaiterParkOnlyTest, NeverSpinsAndNeverAsksForTheTime) {
  FakeEnvironment env;
  Waiter waiter(env, Waiter::kParkOnly);
  for (int i = 0; i < 10; ++i) {
    env.word = kWaited;
    env.answer_at = env.now + 1000;
    EXPECT_TRUE(
        waiter.WaitWhile(&env.word, kWaited, env.interrupt, kMask).ok());
  }
  EXPECT_EQ(waiter.counters().parks, 10u);
  EXPECT_EQ(env.pauses, 0);
  EXPECT_EQ(env.clock_reads, 0);
}

}  // namespace
}  // namespace gofer::flipcall
