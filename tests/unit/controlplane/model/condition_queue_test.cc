#include "controlplane/model/condition_queue.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace goferd::model {
namespace {

using Change = ConditionQueue::Change;

Change Make(const std::string& uid, bool active) {
  Change change;
  change.set_connection_uid(uid);
  change.set_type(Change::FD_PRESSURE);
  change.set_active(active);
  return change;
}

class ConditionQueueTest : public testing::Test {
 protected:
  ConditionQueue queue_;
  const absl::Time start_ = absl::FromUnixSeconds(1000);
};

TEST_F(ConditionQueueTest, ReportsTheFirstChangeAtOnce) {
  EXPECT_TRUE(queue_.Offer(Make("", true), start_));
  EXPECT_FALSE(queue_.is_waiting());
}

TEST_F(ConditionQueueTest, ReportsATogglingGoferOnceInAPeriod) {
  int told = 0;
  for (int i = 0; i < 10'000; ++i) {
    const absl::Time now = start_ + i * ConditionQueue::kPeriod / 10'000;
    told += queue_.Offer(Make("", i % 2 == 0), now) ? 1 : 0;
  }
  EXPECT_EQ(told, 1);
  // The last state arrives.
  const auto due = queue_.TakeDue(start_ + ConditionQueue::kPeriod);
  ASSERT_EQ(due.size(), 1u);
  EXPECT_FALSE(due[0].active());
  EXPECT_FALSE(queue_.is_waiting());
  EXPECT_TRUE(queue_.TakeDue(start_ + 10 * ConditionQueue::kPeriod).empty());
}

TEST_F(ConditionQueueTest, ManyConnectionsShareARateAndAllAreReported) {
  constexpr size_t kConnections = 100;
  size_t told = 0;
  for (size_t i = 0; i < kConnections; ++i) {
    told += queue_.Offer(Make(absl::StrCat(i), true), start_) ? 1 : 0;
  }
  EXPECT_EQ(told, ConditionQueue::kMostInPeriod);
  for (int period = 1; queue_.is_waiting(); ++period) {
    ASSERT_LT(period, 10);
    const auto due = queue_.TakeDue(start_ + period * ConditionQueue::kPeriod);
    EXPECT_LE(due.size(), ConditionQueue::kMostInPeriod);
    told += due.size();
  }
  EXPECT_EQ(told, kConnections);
}

}  // namespace
}  // namespace goferd::model
