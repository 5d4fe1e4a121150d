#include "server/lisafs/connection_stats.h"

#include <gtest/gtest.h>

#include "tests/support/served_tree.h"

namespace gofer::lisafs {
namespace {

using Kind = PathwayStats::Kind;
using Id = wire::MessageId;

TEST(PathwayStatsTest, CountsCallsErrorsBytesAndTime) {
  PathwayStats stats(Kind::kSocket);
  stats.End(3, 0, 8, 144, 100);
  stats.End(3, EBADF, 7, 4, 300);
  ConnectionStats sums;
  stats.AddTo(sums);
  stats.AddTo(sums);
  const MessageCounters& counters = sums.ForMessage(Id::kFStat);
  EXPECT_EQ(counters.calls, 4u);
  EXPECT_EQ(counters.errors, 2u);
  EXPECT_EQ(counters.bytes_in, 30u);
  EXPECT_EQ(counters.bytes_out, 296u);
  EXPECT_EQ(counters.latency_sum_ns, 800u);
  EXPECT_EQ(counters.latency[0], 2u);
  EXPECT_EQ(counters.latency[1], 2u);
  EXPECT_EQ(sums.ForMessage(Id::kWalk).calls, 0u);
}

TEST(PathwayStatsTest, UnknownMessagesShareASlot) {
  PathwayStats stats(Kind::kSocket);
  stats.End(34, EBADF, 0, 4, 1);
  stats.End(65535, EBADF, 0, 4, 1);
  ConnectionStats sums;
  stats.AddTo(sums);
  EXPECT_EQ(sums.messages[ConnectionStats::kUnknown].calls, 2u);
}

TEST(PathwayStatsTest, CountsErrorsByNumberAndTheRestTogether) {
  PathwayStats stats(Kind::kChannel);
  for (int number = 1; number <= 10; ++number) {
    for (int i = 0; i < number; ++i) stats.End(3, number, 0, 4, 1);
  }
  stats.End(3, 5000, 0, 4, 1);
  stats.End(3, 2, 0, 4, 1);
  ConnectionStats sums;
  stats.AddTo(sums);
  const MessageCounters& counters = sums.ForMessage(Id::kFStat);
  EXPECT_EQ(counters.errors, 57u);
  ASSERT_EQ(counters.errors_by_number.size(), ErrorCounters::kSlots + 1);
  EXPECT_EQ(counters.errors_by_number.at(2), 3u);
  EXPECT_EQ(counters.errors_by_number.at(8), 8u);
  EXPECT_EQ(counters.errors_by_number.at(ErrorCounters::kOther), 20u);
  EXPECT_EQ(sums.channels.calls, 57u);
  EXPECT_EQ(sums.channels.bytes_out, 228u);
  EXPECT_EQ(sums.socket.calls, 0u);
}

TEST(PathwayStatsTest, TellsWhoHoldsTheRequest) {
  PathwayStats stats(Kind::kChannel);
  stats.Begin(3, 1);
  EXPECT_EQ(stats.InFlight()->pathway, Kind::kChannel);
  EXPECT_EQ(stats.InFlight()->holder, "");
  stats.SetHolder("u");
  EXPECT_EQ(stats.InFlight()->holder, "u");
  stats.SetHolder("");
  EXPECT_EQ(stats.InFlight()->holder, "");
}

TEST(PathwayStatsTest, ShowsTheRequestInFlight) {
  PathwayStats stats(Kind::kSocket);
  EXPECT_FALSE(stats.InFlight());
  stats.Begin(22, 1234);
  ASSERT_TRUE(stats.InFlight());
  EXPECT_EQ(stats.InFlight()->message, 22);
  EXPECT_EQ(stats.InFlight()->since_ns, 1234u);
  stats.End(22, 0, 0, 0, 1);
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
  EXPECT_EQ(stats.ForMessage(Id::kFStat).calls, 3u);
  EXPECT_EQ(stats.ForMessage(Id::kFStat).errors, 1u);
  EXPECT_EQ(stats.ForMessage(Id::kFStat).bytes_in, 24u);
  EXPECT_EQ(stats.ForMessage(Id::kFStat).bytes_out, 292u);
  EXPECT_EQ(stats.ForMessage(Id::kMount).calls, 1u);
  EXPECT_EQ(stats.ForMessage(Id::kChannel).calls, 1u);
  EXPECT_EQ(stats.ForMessage(Id::kFStat).errors_by_number,
            (std::map<int, uint64_t>{{EBADF, 1}}));
  EXPECT_EQ(stats.socket.calls, 3u);
  EXPECT_EQ(stats.channels.calls, 2u);
  EXPECT_EQ(stats.channels.bytes_in, 16u);
  EXPECT_TRUE(session.connection->InFlight().empty());
}

TEST(ServerStatsTest, KeepsTheSumsOverEndedConnections) {
  test::ServedTree served(test::TestTree::Kind::kMemory);
  {
    test::Session session = served.Mount();
    session->FStat(session.root);
    EXPECT_EQ(served.server().TotalStats().ForMessage(Id::kFStat).calls, 1u);
  }
  served.server().Wait();
  EXPECT_EQ(served.server().TotalStats().ForMessage(Id::kFStat).calls, 1u);
  test::Session session = served.Mount();
  session->FStat(test::FdId{99});
  const ConnectionStats total = served.server().TotalStats();
  EXPECT_EQ(total.ForMessage(Id::kFStat).calls, 2u);
  EXPECT_EQ(total.ForMessage(Id::kFStat).errors_by_number.at(EBADF), 1u);
  EXPECT_EQ(total.socket.calls, 4u);
  EXPECT_EQ(session.connection->node_count(), 1u);
}

}  // namespace
}  // namespace gofer::lisafs
