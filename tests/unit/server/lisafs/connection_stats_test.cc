#include "server/lisafs/connection_stats.h"

#include <gtest/gtest.h>

#include "tests/support/served_tree.h"

namespace gofer::lisafs {
namespace {

using Outcome = PathwayStats::Outcome;
using Id = wire::MessageId;

TEST(PathwayStatsTest, CountsCallsErrorsBytesAndTime) {
  PathwayStats stats;
  stats.End(3, Outcome::kSuccess, 8, 144, 100);
  stats.End(3, Outcome::kError, 7, 4, 300);
  ConnectionStats sums;
  stats.AddTo(sums);
  stats.AddTo(sums);
  const MessageCounters& counters = sums.Of(Id::kFStat);
  EXPECT_EQ(counters.calls, 4u);
  EXPECT_EQ(counters.errors, 2u);
  EXPECT_EQ(counters.bytes_in, 30u);
  EXPECT_EQ(counters.bytes_out, 296u);
  EXPECT_EQ(counters.latency_sum_ns, 800u);
  EXPECT_EQ(counters.latency[0], 2u);
  EXPECT_EQ(counters.latency[1], 2u);
  EXPECT_EQ(sums.Of(Id::kWalk).calls, 0u);
}

TEST(PathwayStatsTest, UnknownMessagesShareASlot) {
  PathwayStats stats;
  stats.End(34, Outcome::kError, 0, 4, 1);
  stats.End(65535, Outcome::kError, 0, 4, 1);
  ConnectionStats sums;
  stats.AddTo(sums);
  EXPECT_EQ(sums.messages[ConnectionStats::kUnknown].calls, 2u);
}

TEST(PathwayStatsTest, ShowsTheRequestInFlight) {
  PathwayStats stats;
  EXPECT_FALSE(stats.InFlight());
  stats.Begin(22, 1234);
  ASSERT_TRUE(stats.InFlight());
  EXPECT_EQ(stats.InFlight()->message, 22);
  EXPECT_EQ(stats.InFlight()->since_ns, 1234u);
  stats.End(22, Outcome::kSuccess, 0, 0, 1);
  EXPECT_FALSE(stats.InFlight());
}

TEST(ConnectionStatsTest, SumsOverAllPathways) {
  test::ServedTree served(test::TestTree::Kind::kMemory);
  test::Session session = served.Mount();
  EXPECT_TRUE(session->FStat(session.root).ok());
  ASSERT_EQ(session->OpenChannel(), 0);
  EXPECT_TRUE(session->FStat(session.root).ok());
  EXPECT_EQ(session->FStat(test::FdId{99}).error, EBADF);
  // The counters of a request move before its answer is sent.
  const ConnectionStats stats = session.connection->Stats();
  EXPECT_EQ(stats.Of(Id::kFStat).calls, 3u);
  EXPECT_EQ(stats.Of(Id::kFStat).errors, 1u);
  EXPECT_EQ(stats.Of(Id::kFStat).bytes_in, 24u);
  EXPECT_EQ(stats.Of(Id::kFStat).bytes_out, 292u);
  EXPECT_EQ(stats.Of(Id::kMount).calls, 1u);
  EXPECT_EQ(stats.Of(Id::kChannel).calls, 1u);
  EXPECT_TRUE(session.connection->InFlight().empty());
}

}  // namespace
}  // namespace gofer::lisafs
