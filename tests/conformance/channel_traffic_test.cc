// Rows 51 to 57 of rows.md: channels under load and while they end.

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>

#include <atomic>
#include <thread>

#include "server/base/mutex.h"
#include "tests/conformance/conformance_test.h"
#include "tests/support/raw_channel.h"
#include "tests/support/test_handlers.h"

namespace gofer::test {
namespace {

using Id = wire::MessageId;
using lisafs::ConnectionState;

class ChannelTrafficTest : public ConformanceTest {};

// Long, and the same for every tree and level.
class EchoTest : public ConformanceTest {};

TEST_P(ChannelTrafficTest, Row051_AnswerInFlightIsDelivered) {
  const auto handler = std::make_shared<BlockingHandler>();
  served_.server().SetHandlers(StockBlocking(Id::kFStatFs, handler));
  RawChannel channel(c_);
  channel.Connect();
  const auto request = Encoded(wire::FStatFsReq{root_});
  channel.Send(17, request);
  handler->begun.Wait();
  c_.socket().Shutdown();
  while (session_.connection->state() != ConnectionState::kClosing) {
    ::sched_yield();
  }
  EXPECT_EQ(channel.state(), 1u);
  handler->let_go.Open();
  served_.server().Wait();
  EXPECT_EQ(channel.state(), 2u);
  EXPECT_EQ(channel.message(), 17);
  EXPECT_EQ(channel.payload(), request);
}

TEST_P(ChannelTrafficTest, Row052_RequestsAfterTheEndHasBegunAreRefused) {
  const auto handler = std::make_shared<BlockingHandler>();
  served_.server().SetHandlers(StockBlocking(Id::kFStatFs, handler));
  RawChannel busy(c_);
  busy.Connect();
  RawChannel late(c_);
  late.Connect();
  busy.Send(17, Encoded(wire::FStatFsReq{root_}));
  handler->begun.Wait();
  session_.connection->Stop(lisafs::StopMode::kClose,
                            lisafs::EndReason::kAdminStop);
  late.Send(3, Encoded(wire::FStatReq{root_}));
  EXPECT_EQ(late.WaitWhile(), 0u);
  EXPECT_EQ(late.message(), 0);
  EXPECT_EQ(ToHex(late.payload()), "68000000");
  handler->let_go.Open();
  served_.server().Wait();
}

TEST_P(EchoTest, Row055_EveryPathwayEchoesItsRequests) {
  constexpr int kThreads = 8;
  constexpr int kMessages = 5'000;
  served_.server().SetHandlers(StockWith(Id::kFStatFs, &Echo));
  ASSERT_EQ(c_.OpenChannel(), 0);
  ASSERT_EQ(c_.OpenChannel(), 0);
  struct Way {
    comm::ClientCommunicator& communicator;
    base::Mutex mu;
  };
  Way ways[] = {{c_.socket(), {}}, {c_.channel(0), {}}, {c_.channel(1), {}}};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([t, &ways] {
      std::vector<wire::Statx> stats(100);
      for (int i = 0; i < kMessages; ++i) {
        stats[0].ino =
            static_cast<uint64_t>(t) << 32 | static_cast<uint64_t>(i);
        const auto request = Encoded(wire::WalkStatResp{stats});
        Way& way = ways[(t + i) % 3];
        base::MutexLock lock(way.mu);
        const auto reply = way.communicator.RoundTrip(17, request, {}, 0);
        ASSERT_TRUE(reply.ok());
        ASSERT_TRUE(std::equal(reply->payload.begin(), reply->payload.end(),
                               request.begin(), request.end()));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_P(ChannelTrafficTest, Row056_ClientThatNeverTakesItsFdsStallsNobody) {
  RawChannel channel(c_);
  channel.Connect();
  const FdId f = To({"f"});
  constexpr int kOpens = 400;
  int sent = 0;
  for (int i = 0; i < kOpens; ++i) {
    channel.Send(7, Encoded(wire::OpenAtReq{f, O_RDONLY}));
    ASSERT_EQ(channel.WaitWhile(), 0u);
    ASSERT_EQ(channel.message(), 7);
    sent += channel.num_fds();
  }
  EXPECT_GT(sent, 0);
  EXPECT_LT(sent, kOpens);
  EXPECT_TRUE(c_.FStat(root_).ok());
  c_.socket().Shutdown();
  served_.server().Wait();
}

TEST_P(ChannelTrafficTest, Row057_ClientThatRewritesWhatIsBeingReadIsSurvived) {
  RawChannel channel(c_);
  channel.Connect();
  // Through a mapping of its own, as another process of the client's would.
  void* const mapped = ::mmap(nullptr, channel.length(), PROT_READ | PROT_WRITE,
                              MAP_SHARED, channel.data_fd(), channel.offset());
  ASSERT_NE(mapped, MAP_FAILED);
  auto* const window = static_cast<volatile uint8_t*>(mapped);
  std::atomic<bool> stop = false;
  std::thread rewriter([&] {
    uint32_t random = 1;
    while (!stop.load(std::memory_order_relaxed)) {
      random = random * 1664525 + 1013904223;
      window[16 + random % 200] = static_cast<uint8_t>(random >> 24);
    }
  });
  const std::string name(60, 'a');
  const Names path = {"d1", "d2", "d3", name};
  const uint16_t messages[] = {5, 6, 9, 10, 13, 16, 22, 24, 26};
  for (int i = 0; i < 3'000; ++i) {
    channel.Send(messages[static_cast<size_t>(i) % std::size(messages)],
                 Encoded(wire::WalkReq{root_, path}));
    if (channel.WaitWhile() != 0) break;
  }
  stop.store(true);
  rewriter.join();
  ::munmap(mapped, channel.length());
  EXPECT_TRUE(c_.FStat(root_).error == 0 || c_.FStat(root_).error == EBADF);
}

INSTANTIATE_TEST_SUITE_P(One, EchoTest,
                         testing::Values(Setting{
                             TestTree::Kind::kMemory, Pathway::kSocket,
                             lisafs::ProtocolLevel::kNov2023}),
                         NameOfSetting);

INSTANTIATE_TEST_SUITE_P(All, ChannelTrafficTest,
                         testing::ValuesIn(SocketSettings()), NameOfSetting);

}  // namespace
}  // namespace gofer::test
