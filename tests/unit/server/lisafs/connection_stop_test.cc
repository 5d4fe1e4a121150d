// Connection::Stop in all its modes, and why a connection ended.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/socket.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "server/lisafs/connection.h"
#include "tests/support/served_tree.h"
#include "tests/support/test_handlers.h"

namespace gofer::lisafs {
namespace {

using test::BlockingHandler;
using wire::MessageId;

class ConnectionStopTest : public testing::Test {
 protected:
  Server& server() { return served_.server(); }
  Connection& connection() { return *session_.connection; }
  void ExpectEnded(EndReason reason) {
    server().Wait();
    EXPECT_EQ(connection().state(), ConnectionState::kEnded);
    EXPECT_EQ(connection().end_reason(), reason);
    EXPECT_LT(session_->FStat(session_.root).error, 0);
    EXPECT_EQ(connection().fd_counts().control, 0u);
  }
  void WaitUntilClosing() {
    while (connection().state() != ConnectionState::kClosing) ::sched_yield();
  }

  test::ServedTree served_{test::TestTree::Kind::kMemory};
  test::Session session_ = served_.Mount();
};

TEST_F(ConnectionStopTest, HangUpOfTheClientEndsTheConnection) {
  session_->socket().Shutdown();
  ExpectEnded(EndReason::kClientEof);
}

TEST_F(ConnectionStopTest, ClientThatBreaksTheRulesEndsItsConnection) {
  const uint8_t absurd[8] = {0xFF, 0xFF, 0xFF, 0xFF, 3, 0, 0, 0};
  ASSERT_EQ(::send(session_->socket().fd(), absurd, sizeof(absurd), 0), 8);
  ExpectEnded(EndReason::kProtocolError);
}

TEST_F(ConnectionStopTest, CloseEndsAnIdleConnection) {
  ASSERT_EQ(session_->OpenChannel(), 0);
  connection().Stop(StopMode::kClose, EndReason::kAdminStop);
  ExpectEnded(EndReason::kAdminStop);
}

TEST_F(ConnectionStopTest, AbortEndsAnIdleConnection) {
  ASSERT_EQ(session_->OpenChannel(), 0);
  connection().Stop(StopMode::kAbort, EndReason::kQuota);
  ExpectEnded(EndReason::kQuota);
}

TEST_F(ConnectionStopTest, DrainWithNothingOpenEndsAtOnce) {
  connection().Stop(StopMode::kDrain, EndReason::kAdminStop);
  ExpectEnded(EndReason::kAdminStop);
}

TEST_F(ConnectionStopTest, DrainServesUntilTheLastFileIsClosed) {
  const test::FdId first = session_->Opened(session_.root, {"f"}, O_RDONLY);
  const auto bound = session_->BindAt(session_.root, "s", SOCK_STREAM);
  connection().Stop(StopMode::kDrain, EndReason::kAdminStop);
  EXPECT_EQ(connection().state(), ConnectionState::kDraining);
  EXPECT_EQ(session_->PRead(first, 5, 0).data, "hello");
  EXPECT_TRUE(session_->Walk(session_.root, {"d1"}).ok());
  EXPECT_TRUE(session_->Close({first}).ok());
  EXPECT_EQ(session_->Listen(bound->bound_socket_fd).error, 0);
  EXPECT_EQ(connection().state(), ConnectionState::kDraining);
  session_->Close({bound->bound_socket_fd});
  ExpectEnded(EndReason::kAdminStop);
}

TEST_F(ConnectionStopTest, CloseThatEndsADrainIsAnswered) {
  const test::FdId open = session_->Opened(session_.root, {"f"}, O_RDONLY);
  connection().Stop(StopMode::kDrain, EndReason::kAdminStop);
  EXPECT_EQ(session_->Close({open}).error, 0);
  ExpectEnded(EndReason::kAdminStop);
}

TEST_F(ConnectionStopTest, DrainIsHardenedToClose) {
  session_->Opened(session_.root, {"f"}, O_RDONLY);
  connection().Stop(StopMode::kDrain, EndReason::kAdminStop);
  connection().Stop(StopMode::kClose, EndReason::kServerShutdown);
  // The first reason stays.
  ExpectEnded(EndReason::kAdminStop);
}

TEST_F(ConnectionStopTest, StopIsNotSoftened) {
  const auto handler = std::make_shared<BlockingHandler>();
  server().SetHandlers(StockBlocking(MessageId::kFStatFs, handler));
  std::thread caller([&] { session_->CallBytes(17, {}); });
  handler->begun.Wait();
  connection().Stop(StopMode::kClose, EndReason::kAdminStop);
  connection().Stop(StopMode::kDrain, EndReason::kServerShutdown);
  EXPECT_EQ(connection().state(), ConnectionState::kClosing);
  handler->let_go.Open();
  caller.join();
  ExpectEnded(EndReason::kAdminStop);
}

TEST_F(ConnectionStopTest, CloseAnswersTheRequestInFlight) {
  const auto handler = std::make_shared<BlockingHandler>();
  server().SetHandlers(StockBlocking(MessageId::kFStatFs, handler));
  test::RawReply reply;
  std::thread caller(
      [&] { reply = session_->CallBytes(17, std::vector<std::byte>(5)); });
  handler->begun.Wait();
  connection().Stop(StopMode::kClose, EndReason::kAdminStop);
  ASSERT_EQ(connection().InFlight().size(), 1u);
  EXPECT_EQ(connection().InFlight()[0].message, 17);
  EXPECT_EQ(server().ActiveConnectionCount(), 1);
  handler->let_go.Open();
  caller.join();
  EXPECT_EQ(reply.error, 0);
  EXPECT_EQ(reply.payload.size(), 5u);
  ExpectEnded(EndReason::kAdminStop);
}

TEST_F(ConnectionStopTest, AbortDoesNotAnswerTheRequestInFlight) {
  const auto handler = std::make_shared<BlockingHandler>();
  server().SetHandlers(StockBlocking(MessageId::kFStatFs, handler));
  std::thread caller([&] { EXPECT_LT(session_->CallBytes(17, {}).error, 0); });
  handler->begun.Wait();
  connection().Stop(StopMode::kAbort, EndReason::kAdminStop);
  // The client knows before the handler has ended.
  caller.join();
  EXPECT_EQ(connection().state(), ConnectionState::kClosing);
  EXPECT_EQ(server().ActiveConnectionCount(), 1);
  handler->let_go.Open();
  ExpectEnded(EndReason::kAdminStop);
}

TEST_F(ConnectionStopTest, AbortDoesNotAnswerARequestOnAChannel) {
  const auto handler = std::make_shared<BlockingHandler>();
  server().SetHandlers(StockBlocking(MessageId::kFStatFs, handler));
  ASSERT_EQ(session_->OpenChannel(), 0);
  std::thread caller([&] { EXPECT_LT(session_->CallBytes(17, {}).error, 0); });
  handler->begun.Wait();
  connection().Stop(StopMode::kAbort, EndReason::kAdminStop);
  handler->let_go.Open();
  caller.join();
  ExpectEnded(EndReason::kAdminStop);
}

TEST_F(ConnectionStopTest, CloseIsHardenedToAbort) {
  // A client that does not read its answers keeps a closing connection.
  server().SetHandlers(test::StockWith(
      MessageId::kFStatFs,
      [](RequestContext& context) -> base::ErrnoOr<size_t> {
        const auto room = context.ResponseRoom(wire::kMaxMessageSize);
        if (!room.ok()) return room.error();
        return room->size();
      }));
  const uint8_t request[8] = {0, 0, 0, 0, 17, 0, 0, 0};
  ASSERT_EQ(::send(session_->socket().fd(), request, sizeof(request), 0), 8);
  // Its first bytes are there: the server is sending.
  char byte;
  ASSERT_EQ(::recv(session_->socket().fd(), &byte, 1, MSG_PEEK), 1);
  connection().Stop(StopMode::kClose, EndReason::kAdminStop);
  EXPECT_EQ(connection().state(), ConnectionState::kClosing);
  connection().Stop(StopMode::kAbort, EndReason::kServerShutdown);
  server().Wait();
  EXPECT_EQ(connection().end_reason(), EndReason::kAdminStop);
}

TEST_F(ConnectionStopTest, StoppingAnEndedConnectionDoesNothing) {
  session_->socket().Shutdown();
  server().Wait();
  for (const StopMode mode :
       {StopMode::kDrain, StopMode::kClose, StopMode::kAbort}) {
    connection().Stop(mode, EndReason::kAdminStop);
  }
  EXPECT_EQ(connection().end_reason(), EndReason::kClientEof);
}

TEST_F(ConnectionStopTest, TheFirstDetailStaysAndIsCutBetweenCharacters) {
  // 1023 bytes, then a character of two.
  const std::string detail = std::string(1023, 'a') + "\xC3\xA4" + "b";
  connection().Stop(StopMode::kDrain, EndReason::kAttachTimeout, detail);
  connection().Stop(StopMode::kClose, EndReason::kAdminStop, "later");
  server().Wait();
  EXPECT_EQ(connection().end_reason(), EndReason::kAttachTimeout);
  EXPECT_EQ(connection().end_detail(), std::string(1023, 'a'));
}

TEST_F(ConnectionStopTest, ReasonsHaveNames) {
  for (int reason = 0; reason <= static_cast<int>(EndReason::kRule); ++reason) {
    EXPECT_NE(ToString(static_cast<EndReason>(reason)), "?");
  }
  EXPECT_EQ(ToString(EndReason::kClientEof), "CLIENT_EOF");
}

}  // namespace
}  // namespace gofer::lisafs
