// What may meet a connection's teardown, one interleaving each. Events:
//   C   client closes its socket         S   Server or administrator stops it
//   H   a handler is at work             R   another connection renames
//   N   a new request arrives            D   the connection's FDs are dropped

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "server/lisafs/connection.h"
#include "tests/support/process_counts.h"
#include "tests/support/raw_channel.h"
#include "tests/support/served_tree.h"
#include "tests/support/test_handlers.h"

namespace gofer::lisafs {
namespace {

using test::BlockingHandler;
using test::RawChannel;
using wire::MessageId;

class ConnectionTeardownTest : public testing::Test {
 protected:
  Server& server() { return served_.server(); }
  void WaitUntilClosing(const test::Session& session) {
    while (session.connection->state() != ConnectionState::kClosing) {
      ::sched_yield();
    }
  }
  std::vector<std::byte> Stat() {
    return test::Encoded(wire::FStatReq{session_.root});
  }

  test::ServedTree served_{test::TestTree::Kind::kMemory};
  test::Session session_ = served_.Mount();
};

// H begins, C, teardown waits, H ends, answer, D.
TEST_F(ConnectionTeardownTest, A_HandlerOnAChannelOutlivesTheSocket) {
  const auto handler = std::make_shared<BlockingHandler>();
  server().SetHandlers(StockBlocking(MessageId::kFStatFs, handler));
  RawChannel channel(*session_.client);
  channel.Connect();
  channel.Send(17, Stat());
  handler->begun.Wait();
  session_->socket().Shutdown();
  WaitUntilClosing(session_);
  EXPECT_EQ(server().ActiveConnectionCount(), 1);
  EXPECT_EQ(session_.connection->fd_counts().control, 1u);
  EXPECT_EQ(session_.connection->InFlight().size(), 1u);
  handler->let_go.Open();
  server().Wait();
  EXPECT_EQ(channel.state(), 2u);
  EXPECT_EQ(channel.payload(), Stat());
  EXPECT_EQ(session_.connection->fd_counts().control, 0u);
}

// H begins, S, N is refused, H ends, D.
TEST_F(ConnectionTeardownTest, B_NewRequestsAreRefusedMeanwhile) {
  const auto handler = std::make_shared<BlockingHandler>();
  server().SetHandlers(StockBlocking(MessageId::kFStatFs, handler));
  RawChannel busy(*session_.client);
  busy.Connect();
  RawChannel late(*session_.client);
  late.Connect();
  busy.Send(17, Stat());
  handler->begun.Wait();
  session_.connection->Stop(StopMode::kClose, EndReason::kAdminStop);
  for (int i = 0; i < 3; ++i) {
    late.Send(3, Stat());
    ASSERT_EQ(late.WaitWhile(), 0u);
    EXPECT_EQ(test::ToHex(late.payload()), "68000000");
  }
  handler->let_go.Open();
  server().Wait();
  EXPECT_EQ(busy.state(), 2u);
  EXPECT_EQ(late.state(), 2u);
}

// H begins, C, H asks for a channel, teardown ends that one as well.
TEST_F(ConnectionTeardownTest, C_HandlerOpensAChannelWhileTheConnectionEnds) {
  const auto handler = std::make_shared<BlockingHandler>();
  server().SetHandlers(test::StockWith(
      MessageId::kFStatFs,
      [handler](RequestContext& context) -> base::ErrnoOr<size_t> {
        handler->begun.Open();
        handler->let_go.Wait();
        EXPECT_TRUE(context.connection().channels().Open().ok());
        return size_t{0};
      }));
  const auto before = test::ProcessCounts::Take();
  {
    test::Session other = served_.Mount();
    RawChannel channel(*other.client);
    channel.Connect();
    channel.Send(17, {});
    handler->begun.Wait();
    other->socket().Shutdown();
    WaitUntilClosing(other);
    handler->let_go.Open();
    channel.WaitWhile();
    EXPECT_EQ(channel.message(), 17) << "the answer comes before the end";
    while (other.connection->state() != ConnectionState::kEnded) {
      ::sched_yield();
    }
    EXPECT_EQ(other.connection->channel_count(), 2u);
    EXPECT_EQ(other.connection->channels().Open().error(), base::Errno(ENOSYS));
  }
  session_->socket().Shutdown();
  server().Wait();
  const test::ProcessCounts expected = {before.fds - 1, before.threads - 1};
  EXPECT_EQ(test::ProcessCounts::Settled(expected), expected);
}

// R holds the tree, C, D waits for R, R ends.
TEST_F(ConnectionTeardownTest, D_DroppingFdsWaitsForARename) {
  test::Session other = served_.Mount();
  test::Latch begun;
  test::Latch let_go;
  server().SetHandlers(
      test::StockWith(MessageId::kRenameAt,
                      [&](RequestContext& context) -> base::ErrnoOr<size_t> {
                        GlobalGuarantee global(context.server().rename_mutex());
                        begun.Open();
                        let_go.Wait();
                        return size_t{0};
                      }));
  std::thread renamer([&] { EXPECT_EQ(other->CallBytes(23, {}).error, 0); });
  begun.Wait();
  session_->socket().Shutdown();
  WaitUntilClosing(session_);
  EXPECT_EQ(server().ActiveConnectionCount(), 2);
  let_go.Open();
  renamer.join();
  while (session_.connection->state() != ConnectionState::kEnded) {
    ::sched_yield();
  }
  EXPECT_TRUE(other->FStat(other.root).ok());
}

// H holds an FD whose id the client closes, C, H drops the last reference.
TEST_F(ConnectionTeardownTest, E_HandlerDropsTheLastReference) {
  const auto handler = std::make_shared<BlockingHandler>();
  const test::FdId d1 = session_->To(session_.root, {"d1"});
  server().SetHandlers(test::StockWith(
      MessageId::kFStatFs,
      [handler, d1](RequestContext& context) -> base::ErrnoOr<size_t> {
        const auto fd = context.fds().LookupControl(d1);
        EXPECT_TRUE(fd.ok());
        handler->begun.Open();
        handler->let_go.Wait();
        return size_t{0};
      }));
  RawChannel channel(*session_.client);
  channel.Connect();
  channel.Send(17, {});
  handler->begun.Wait();
  EXPECT_TRUE(session_->Close({d1}).ok());
  EXPECT_EQ(server().NodeCount(), 3);
  session_->socket().Shutdown();
  WaitUntilClosing(session_);
  handler->let_go.Open();
  server().Wait();
  EXPECT_EQ(server().NodeCount(), 1);
}

// C and several S at once, requests on all pathways; in whatever order.
TEST_F(ConnectionTeardownTest, F_EverythingAtOnceLeavesNothing) {
  const auto before = test::ProcessCounts::Take();
  for (int round = 0; round < 60; ++round) {
    test::Session other = served_.Mount();
    ASSERT_EQ(other->OpenChannel(), 0);
    other->Opened(other.root, {"d1", "d2"}, O_RDONLY);
    std::vector<std::thread> threads;
    threads.emplace_back([&] {
      while (other->FStat(other.root).error >= 0) continue;
    });
    threads.emplace_back([&] {
      const auto request = test::Encoded(wire::FStatReq{other.root});
      while (other->socket().RoundTrip(3, request, {}, 0).ok()) continue;
    });
    for (const StopMode mode :
         {StopMode::kDrain, StopMode::kClose, StopMode::kAbort}) {
      threads.emplace_back(
          [&, mode] { other.connection->Stop(mode, EndReason::kAdminStop); });
    }
    if (round % 2 == 0) other->socket().Shutdown();
    for (std::thread& thread : threads) thread.join();
    while (other.connection->state() != ConnectionState::kEnded) {
      ::sched_yield();
    }
    EXPECT_NE(other.connection->end_reason(), EndReason::kNone);
  }
  session_->socket().Shutdown();
  server().Wait();
  const test::ProcessCounts expected = {before.fds - 1, before.threads - 1};
  EXPECT_EQ(test::ProcessCounts::Settled(expected), expected);
  EXPECT_EQ(server().NodeCount(), 1);
}

}  // namespace
}  // namespace gofer::lisafs
