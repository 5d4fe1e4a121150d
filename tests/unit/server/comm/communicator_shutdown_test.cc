// Shutdown of communicators while another thread uses them, by labelled
// interleavings.

#include <gtest/gtest.h>
#include <sched.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <thread>
#include <utility>

#include "server/comm/channel_offer.h"
#include "server/comm/client_channel.h"
#include "server/comm/client_socket.h"
#include "server/comm/socket_communicator.h"
#include "server/flipcall/packet_window_allocator.h"
#include "server/uds/unix_socket.h"
#include "server/wire/limits.h"
#include "tests/unit/server/comm/raw_socket.h"

namespace gofer::comm {
namespace {

class SocketShutdownTest : public testing::Test {
 protected:
  SocketShutdownTest()
      : SocketShutdownTest(*uds::MakeSocketPair(uds::SocketType::kStream)) {}

  RawSocket client_;
  SocketCommunicator server_;

 private:
  explicit SocketShutdownTest(uds::SocketPair pair)
      : client_(std::move(pair.first)),
        server_(std::move(pair.second), wire::kMaxMessageSize) {}
};

// A: shutdown. B: everything else.
TEST_F(SocketShutdownTest, ShutdownFailsLaterReceiveAndSend) {
  ASSERT_TRUE(client_.Write(Frame(3, "queued")));
  server_.Shutdown();
  server_.Shutdown();
  EXPECT_EQ(server_.Receive().error(), base::Errno(ESHUTDOWN));
  EXPECT_EQ(server_.Send(3, 0, {}).error(), base::Errno(ESHUTDOWN));
  EXPECT_TRUE(client_.HungUp());
}

// A: a thread enters Receive. B: shutdown, before it blocks or after.
TEST_F(SocketShutdownTest, ShutdownEndsAReceive) {
  for (int i = 0; i < 100; ++i) {
    auto pair = *uds::MakeSocketPair(uds::SocketType::kStream);
    SocketCommunicator server(std::move(pair.second), 4096);
    std::thread receiver(
        [&] { EXPECT_EQ(server.Receive().error(), base::Errno(ESHUTDOWN)); });
    if (i % 2 == 0) ::sched_yield();
    server.Shutdown();
    receiver.join();
  }
}

// A: half a request has come. B: the server waits for the rest. C: shutdown.
TEST_F(SocketShutdownTest, ShutdownEndsAReceiveOfTheSecondHalf) {
  ASSERT_TRUE(client_.Write(Header(100'000, 3) + "abc"));
  std::thread receiver(
      [&] { EXPECT_EQ(server_.Receive().error(), base::Errno(ESHUTDOWN)); });
  ::sched_yield();
  server_.Shutdown();
  receiver.join();
}

// A: the client does not read and the server blocks in Send. B: shutdown.
TEST_F(SocketShutdownTest, ShutdownEndsASend) {
  std::atomic<int> sends = 0;
  std::thread sender([&] {
    ASSERT_TRUE(server_.Response(200'000).ok());
    for (;;) {
      ++sends;
      const auto sent = server_.Send(3, 200'000, {});
      if (sent.ok()) continue;
      EXPECT_EQ(sent.error(), base::Errno(ESHUTDOWN));
      return;
    }
  });
  while (sends == 0) ::sched_yield();
  server_.Shutdown();
  sender.join();
}

// A: two requests are queued, the first is in flight. B: graceful end. C: its
// response. D: the next Receive.
TEST_F(SocketShutdownTest, GracefulEndDeliversTheResponseInFlight) {
  ASSERT_TRUE(client_.Write(Frame(3, "first") + Frame(4, "second")));
  ASSERT_TRUE(server_.Receive().ok());
  server_.ShutdownReceive();
  server_.ShutdownReceive();
  Fill(*server_.Response(2), "ok");
  EXPECT_TRUE(server_.Send(3, 2, {}).ok());
  EXPECT_EQ(server_.Receive().error(), base::Errno(ESHUTDOWN));
  EXPECT_EQ(client_.Read(10), Frame(3, "ok"));
  // Only the full shutdown hangs up.
  EXPECT_FALSE(client_.HungUp());
  server_.Shutdown();
  EXPECT_TRUE(client_.HungUp());
}

// A: a thread enters Receive. B: graceful end.
TEST_F(SocketShutdownTest, GracefulEndWakesAReceive) {
  std::thread receiver(
      [&] { EXPECT_EQ(server_.Receive().error(), base::Errno(ESHUTDOWN)); });
  server_.ShutdownReceive();
  receiver.join();
  EXPECT_EQ(server_.Receive().error(), base::Errno(ESHUTDOWN));
}

// A: the client waits for its response. B: either side ends the connection.
TEST_F(SocketShutdownTest, ShutdownEndsTheClientsRoundTrip) {
  for (const bool local : {true, false}) {
    auto pair = *uds::MakeSocketPair(uds::SocketType::kStream);
    SocketCommunicator server(std::move(pair.second), 4096);
    ClientSocket client(std::move(pair.first));
    std::thread caller([&] {
      EXPECT_EQ(client.RoundTrip(3, {}, {}, 0).error(),
                base::Errno(local ? ESHUTDOWN : ECONNRESET));
      EXPECT_FALSE(client.RoundTrip(3, {}, {}, 0).ok());
    });
    ASSERT_TRUE(server.Receive().ok());
    if (local) {
      client.Shutdown();
    } else {
      server.Shutdown();
    }
    caller.join();
  }
}

class ChannelShutdownTest : public testing::Test {
 protected:
  ChannelShutdownTest()
      : offer_(*MakeChannelOffer(allocator_, 4096)),
        client_(*ClientChannel::Open(offer_.data_fd.get(), offer_.window.offset,
                                     offer_.window.length,
                                     std::move(offer_.fd_socket))) {}

  ChannelCommunicator& server() { return *offer_.communicator; }

  flipcall::PacketWindowAllocator allocator_;
  ChannelOffer offer_;
  std::unique_ptr<ClientChannel> client_;
};

// A: shutdown. B: the server's thread starts.
TEST_F(ChannelShutdownTest, ShutdownFailsTheFirstReceive) {
  server().Shutdown();
  server().Shutdown();
  EXPECT_EQ(server().Receive().error(), base::Errno(ESHUTDOWN));
  EXPECT_EQ(client_->Connect().error(), base::Errno(ECONNRESET));
}

// A: the server waits for the handshake. B: shutdown.
TEST_F(ChannelShutdownTest, ShutdownEndsTheWaitForTheHandshake) {
  std::thread receiver(
      [&] { EXPECT_EQ(server().Receive().error(), base::Errno(ESHUTDOWN)); });
  server().Shutdown();
  receiver.join();
}

// A: a request is in flight. B: either side shuts down. C: the response.
TEST_F(ChannelShutdownTest, ShutdownDuringARequestFailsBothSides) {
  std::thread caller([&] {
    ASSERT_TRUE(client_->Connect().ok());
    EXPECT_EQ(client_->RoundTrip(3, {}, {}, 0).error(),
              base::Errno(ECONNRESET));
    EXPECT_FALSE(client_->RoundTrip(3, {}, {}, 0).ok());
  });
  ASSERT_TRUE(server().Receive().ok());
  server().Shutdown();
  EXPECT_EQ(server().Send(3, 0, {}).error(), base::Errno(ESHUTDOWN));
  caller.join();
}

// A: the client waits for its response. B: the client shuts down.
TEST_F(ChannelShutdownTest, ClientThatGivesUpIsAConnectionReset) {
  std::thread caller([&] {
    ASSERT_TRUE(client_->Connect().ok());
    EXPECT_EQ(client_->RoundTrip(3, {}, {}, 0).error(), base::Errno(ESHUTDOWN));
  });
  ASSERT_TRUE(server().Receive().ok());
  client_->Shutdown();
  caller.join();
  EXPECT_EQ(server().Send(3, 0, {}).error(), base::Errno(ECONNRESET));
  EXPECT_EQ(server().Receive().error(), base::Errno(ECONNRESET));
}

// A: the server's side ends. B: the client waits for a descriptor.
TEST_F(ChannelShutdownTest, ShutsTheFdSocketDown) {
  const FdChannel client_fds(
      std::move(MakeChannelOffer(allocator_, 4096)->fd_socket));
  // The offer is gone, and with it its communicator.
  EXPECT_EQ(client_fds.Receive().error(), base::Errno(ECONNRESET));
}

}  // namespace
}  // namespace gofer::comm
