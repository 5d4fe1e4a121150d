#include "controlplane/exporter/message_totals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace goferd::exporter {
namespace {

admin::v1::Stats Sample(const std::string& name, const std::string& uid,
                        int64_t calls) {
  admin::v1::Stats stats;
  stats.set_name(name);
  stats.set_uid(uid);
  auto& message = *stats.add_messages();
  message.set_mid(admin::v1::MID_OPEN_AT);
  message.set_call_count(calls);
  message.add_errors()->set_count(2);
  message.add_errors()->set_count(3);
  message.mutable_latency()->add_bucket_counts(calls);
  message.mutable_latency()->set_sum_ns(10 * calls);
  return stats;
}

TEST(MessageTotalsTest, SumsOverServers) {
  MessageTotals totals;
  const auto& sums =
      totals.Update({Sample("a", "1", 10), Sample("b", "2", 5)}, {});
  ASSERT_EQ(sums.size(), 1u);
  const MessageTotal& total = sums.at("open_at");
  EXPECT_EQ(total.calls, 15);
  EXPECT_EQ(total.errors, 10);
  EXPECT_EQ(total.latency_sum_ns, 150);
  EXPECT_THAT(total.latency_buckets, testing::ElementsAre(15));
}

TEST(MessageTotalsTest, CountsNothingTwice) {
  MessageTotals totals;
  totals.Update({Sample("a", "1", 10)}, {});
  EXPECT_EQ(totals.Update({Sample("a", "1", 12)}, {}).at("open_at").calls, 12);
}

TEST(MessageTotalsTest, KeepsTheCountersOfAServerThatIsGone) {
  MessageTotals totals;
  totals.Update({Sample("a", "1", 10), Sample("b", "2", 5)}, {});
  EXPECT_EQ(totals.Update({Sample("b", "2", 6)}, {}).at("open_at").calls, 16);
  EXPECT_EQ(totals.Update({Sample("b", "2", 6)}, {}).at("open_at").calls, 16);
}

TEST(MessageTotalsTest, AddsARestartedServerToItsOldCounters) {
  MessageTotals totals;
  totals.Update({Sample("a", "1", 10)}, {});
  EXPECT_EQ(totals.Update({Sample("a", "2", 1)}, {}).at("open_at").calls, 11);
  // The gofer was started again, and its counters begin at zero.
  admin::v1::Stats again = Sample("a", "2", 3);
  again.mutable_start_time()->set_seconds(5);
  EXPECT_EQ(totals.Update({again}, {}).at("open_at").calls, 14);
}

TEST(MessageTotalsTest, KeepsTheCountersOfASilentServer) {
  MessageTotals totals;
  totals.Update({Sample("a", "1", 10)}, {});
  EXPECT_EQ(totals.Update({}, {"a"}).at("open_at").calls, 10);
  EXPECT_EQ(totals.Update({Sample("a", "1", 11)}, {}).at("open_at").calls, 11);
}

TEST(MessageTotalsTest, UnknownMessagesShareOneName) {
  MessageTotals totals;
  admin::v1::Stats stats = Sample("a", "1", 1);
  stats.add_messages()->set_mid(static_cast<admin::v1::Mid>(200));
  stats.add_messages()->set_mid(static_cast<admin::v1::Mid>(201));
  stats.add_messages()->set_mid(admin::v1::MID_UNSPECIFIED);
  EXPECT_EQ(totals.Update({stats}, {}).size(), 2u);
}

}  // namespace
}  // namespace goferd::exporter
