// Clients that send descriptors where none belong, or leave in the middle of a
// long request.

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <memory>
#include <vector>

#include "server/lisafs/connection.h"
#include "server/uds/fd_message.h"
#include "tests/support/hostile_fds.h"
#include "tests/support/latch.h"
#include "tests/support/raw_channel.h"
#include "tests/support/served_tree.h"
#include "tests/support/test_handlers.h"

namespace gofer::lisafs {
namespace {

using wire::MessageId;

class HostileDescriptorsTest : public testing::Test {
 protected:
  Server& server() { return served_.server(); }

  test::ServedTree served_{test::TestTree::Kind::kMemory};
  test::Session session_ = served_.Mount();
};

// The socket would keep the connection alive, unread, after its client.
TEST_F(HostileDescriptorsTest, ClientCannotHideItsEndInItsFdChannel) {
  const test::RawChannel channel(*session_.client);
  const int own[] = {session_->socket().fd()};
  const auto sent = uds::SendWithFds(channel.fd_socket(), {}, own, 0);
  EXPECT_EQ(sent.error(), base::Errno(EPIPE));
  session_.client.reset();
  server().Wait();
  EXPECT_EQ(session_.connection->end_reason(), EndReason::kClientEof);
}

// Closing the channel would wait for a day.
TEST_F(HostileDescriptorsTest,
       ClientCannotPutALingeringSocketIntoItsFdChannel) {
  const test::RawChannel channel(*session_.client);
  test::LingeringSocket lingering(86'400);
  const int fds[] = {lingering.socket.get()};
  const auto sent = uds::SendWithFds(channel.fd_socket(), {}, fds, 0);
  EXPECT_EQ(sent.error(), base::Errno(EPIPE));
}

// A header that ends the connection, and behind it what is never read.
TEST_F(HostileDescriptorsTest, UnreadLingeringSocketHoldsUpNoStop) {
  const uint8_t absurd[8] = {0xFF, 0xFF, 0xFF, 0xFF, 3, 0, 0, 0};
  test::LingeringSocket lingering(86'400);
  const int fds[] = {lingering.socket.get()};
  const std::vector<std::byte> more(6000);
  ASSERT_EQ(::send(session_->socket().fd(), absurd, sizeof(absurd), 0), 8);
  // Fails on kernels that refuse descriptors, or when the end came first. If it
  // does not, the message alone keeps the descriptor open.
  if (uds::SendWithFds(session_->socket().fd(), more, fds, 0).ok()) {
    lingering.socket.reset();
  }
  session_.connection->Stop(StopMode::kAbort, EndReason::kAdminStop);
  server().Wait();
  EXPECT_EQ(session_.connection->state(), ConnectionState::kEnded);
}

TEST_F(HostileDescriptorsTest, LongRequestOfAClientThatHasLeftMayGiveUp) {
  test::Latch begun;
  test::Latch left;
  bool before = true;
  bool after = false;
  server().SetHandlers(
      test::StockWith(MessageId::kFStatFs,
                      [&](RequestContext& context) -> base::ErrnoOr<size_t> {
                        const auto pathway = context.communicator().kind();
                        before = context.connection().MayGiveUp(pathway);
                        begun.Open();
                        left.Wait();
                        after = context.connection().MayGiveUp(pathway);
                        return base::Errno(EIO);
                      }));
  const uint8_t request[8] = {0, 0, 0, 0, 17, 0, 0, 0};
  ASSERT_EQ(::send(session_->socket().fd(), request, sizeof(request), 0), 8);
  begun.Wait();
  session_->socket().Shutdown();
  left.Open();
  server().Wait();
  EXPECT_FALSE(before);
  EXPECT_TRUE(after);
}

}  // namespace
}  // namespace gofer::lisafs
