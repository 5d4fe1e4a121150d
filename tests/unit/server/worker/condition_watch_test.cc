#include "server/worker/condition_watch.h"

#include <gtest/gtest.h>

namespace gofer::worker {
namespace {

using goferd::worker::v1::ConditionChanged;

class ConditionWatchTest : public testing::Test {
 protected:
  // How many changes a round with so many of 100 makes: +1 for one that comes,
  // -1 for one that goes, 0 for none.
  int Round(uint64_t used) {
    watch_.LookAtUse("c", ConditionChanged::FD_PRESSURE, used, 100);
    const auto changes = watch_.EndRound();
    if (changes.empty()) return 0;
    EXPECT_EQ(changes.size(), 1u);
    EXPECT_EQ(changes[0].connection_uid(), "c");
    return changes[0].active() ? 1 : -1;
  }

  ConditionWatch watch_;
};

TEST_F(ConditionWatchTest, PressureBeginsAt80AndEndsBelow70) {
  EXPECT_EQ(Round(79), 0);
  EXPECT_EQ(Round(80), 1);
  EXPECT_EQ(Round(100), 0);
  EXPECT_EQ(Round(70), 0);
  EXPECT_EQ(Round(69), -1);
  EXPECT_EQ(Round(79), 0);
}

TEST_F(ConditionWatchTest, HasNoPressureWithoutALimit) {
  watch_.LookAtUse("", ConditionChanged::FD_PRESSURE, 1000, 0);
  EXPECT_TRUE(watch_.EndRound().empty());
}

TEST_F(ConditionWatchTest, EndsAConditionThatIsNotLookedAt) {
  EXPECT_EQ(Round(90), 1);
  const auto changes = watch_.EndRound();
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_FALSE(changes[0].active());
  EXPECT_FALSE(watch_.any());
}

TEST_F(ConditionWatchTest, TellsAllAgainAfterReset) {
  EXPECT_EQ(Round(90), 1);
  watch_.Reset();
  EXPECT_EQ(Round(90), 1);
}

TEST_F(ConditionWatchTest, TellsOfStalls) {
  watch_.LookAtStalls("c", 0, 0);
  EXPECT_TRUE(watch_.EndRound().empty());
  watch_.LookAtStalls("c", 2, 1'500'000'000);
  const auto changes = watch_.EndRound();
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].type(), ConditionChanged::STALLED_REQUEST);
  EXPECT_EQ(changes[0].message(),
            "2 in flight for long, the oldest for 1500 ms");
}

}  // namespace
}  // namespace gofer::worker
