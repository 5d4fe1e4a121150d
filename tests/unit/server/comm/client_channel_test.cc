#include "server/comm/client_channel.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/comm/channel_offer.h"
#include "server/flipcall/packet_window_allocator.h"
#include "server/uds/unix_socket.h"
#include "server/wire/limits.h"
#include "tests/support/open_fds.h"
#include "tests/support/raw_window.h"
#include "tests/unit/server/comm/raw_socket.h"

namespace gofer::comm {
namespace {

constexpr uint32_t kClientActive = 0;
constexpr uint32_t kShutDown = 2;

std::unique_ptr<ClientChannel> Open(ChannelOffer& offer) {
  auto client =
      ClientChannel::Open(offer.data_fd.get(), offer.window.offset,
                          offer.window.length, std::move(offer.fd_socket));
  EXPECT_TRUE(client.ok());
  return *std::move(client);
}

// Answers each request with its own payload until the channel ends. Donates as
// many files as the first byte says.
void Echo(ChannelCommunicator& server) {
  for (;;) {
    const auto request = server.Receive();
    if (!request.ok()) return;
    const std::string payload = AsText(*server.Prefix(request->payload_len));
    std::vector<base::UniqueFd> files;
    while (!payload.empty() && files.size() < size_t(payload[0] - '0')) {
      files.emplace_back(::memfd_create("file", 0));
    }
    Fill(*server.Response(payload.size()), payload);
    if (!server.Send(request->message, payload.size(), test::Borrowed(files))
             .ok())
      return;
  }
}

void ExpectEcho(ClientChannel& client, uint16_t message, size_t size) {
  std::string payload(size, static_cast<char>('a' + message % 26));
  if (size > 0) payload[0] = '0';
  const auto bytes = AsBytes(payload);
  const auto response = client.RoundTrip(message, bytes.first(size / 2),
                                         bytes.subspan(size / 2), 0);
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->message, message);
  EXPECT_TRUE(AsText(response->payload) == payload);
}

TEST(ClientChannelTest, CarriesRoundTripsOfAllSizes) {
  flipcall::PacketWindowAllocator allocator;
  auto offer = *MakeChannelOffer(allocator, wire::kMaxMessageSize);
  const auto client = Open(offer);
  std::thread server([&] { Echo(*offer.communicator); });
  ASSERT_TRUE(client->Connect().ok());
  for (const size_t size :
       {size_t{0}, size_t{1}, size_t{5000}, size_t{wire::kMaxMessageSize}}) {
    ExpectEcho(*client, 7, size);
  }
  client->Shutdown();
  server.join();
}

TEST(ClientChannelTest, CarriesRoundTripsBetweenProcesses) {
  flipcall::PacketWindowAllocator allocator;
  auto offer = *MakeChannelOffer(allocator, 4096);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    Echo(*offer.communicator);
    ::_exit(0);
  }
  const auto client = Open(offer);
  ASSERT_TRUE(client->Connect().ok());
  for (uint16_t i = 0; i < 2000; ++i) ExpectEcho(*client, i, i % 4000);
  client->Shutdown();
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(ClientChannelTest, FourChannelsOfOneFileWorkAtOnce) {
  flipcall::PacketWindowAllocator allocator;
  std::vector<ChannelOffer> offers;
  std::vector<std::unique_ptr<ClientChannel>> clients;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    offers.push_back(*MakeChannelOffer(allocator, 4096));
    clients.push_back(Open(offers.back()));
  }
  for (size_t i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] { Echo(*offers[i].communicator); });
    threads.emplace_back([&, i] {
      ASSERT_TRUE(clients[i]->Connect().ok());
      for (uint16_t n = 0; n < 1000; ++n) ExpectEcho(*clients[i], n, n % 4000);
      clients[i]->Shutdown();
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(ClientChannelTest, TakesItsDescriptorsAndClosesUnwantedOnes) {
  flipcall::PacketWindowAllocator allocator;
  auto offer = *MakeChannelOffer(allocator, 4096);
  const auto client = Open(offer);
  std::thread server([&] { Echo(*offer.communicator); });
  ASSERT_TRUE(client->Connect().ok());
  for (const size_t wanted : {3u, 1u, 0u}) {
    const auto response = client->RoundTrip(7, AsBytes("3"), {}, wanted);
    ASSERT_TRUE(response.ok());
    EXPECT_EQ(response->fds.size(), wanted);
  }
  // No FD is left over for the next answer.
  EXPECT_TRUE(client->RoundTrip(7, AsBytes("0"), {}, 3)->fds.empty());
  client->Shutdown();
  server.join();
}

TEST(ClientChannelTest, TooLongRequestIsNotSentAndTheChannelLives) {
  flipcall::PacketWindowAllocator allocator;
  auto offer = *MakeChannelOffer(allocator, 4096);
  const auto client = Open(offer);
  std::thread server([&] { Echo(*offer.communicator); });
  ASSERT_TRUE(client->Connect().ok());
  const std::string most(8192 - 20, '0');
  EXPECT_EQ(client->RoundTrip(7, AsBytes(most), AsBytes("x"), 0).error(),
            base::Errno(EMSGSIZE));
  EXPECT_TRUE(client->RoundTrip(7, AsBytes(most), {}, 0).ok());
  client->Shutdown();
  server.join();
}

// A server that plays by no rules, on one window.
class ClientOfLiarTest : public testing::Test {
 protected:
  ClientOfLiarTest()
      : ClientOfLiarTest(*uds::MakeSocketPair(uds::SocketType::kSeqPacket)) {}

  // The client's second turn, in which the server does `lie`.
  base::ErrnoOr<Response> RoundTrip(const std::function<void()>& lie) {
    std::thread server([&] {
      raw_.AwaitStateNot(kClientActive);
      raw_.Put("{}\n");
      raw_.SetState(kClientActive);
      raw_.AwaitStateNot(kClientActive);
      lie();
    });
    EXPECT_TRUE(client_->Connect().ok());
    auto response = client_->RoundTrip(3, AsBytes("abc"), {}, 2);
    server.join();
    return response;
  }

  test::WindowFile file_;
  test::RawWindow raw_ = file_.Raw();
  base::UniqueFd server_fds_;
  std::unique_ptr<ClientChannel> client_;

 private:
  explicit ClientOfLiarTest(uds::SocketPair pair)
      : server_fds_(std::move(pair.first)),
        client_(*ClientChannel::Open(file_.fd(), 0, 4096,
                                     std::move(pair.second))) {}
};

TEST_F(ClientOfLiarTest, AnswerShorterThanItsHeaderEndsTheChannel) {
  EXPECT_EQ(RoundTrip([&] {
              raw_.Put("abc");
              raw_.SetState(kClientActive);
            }).error(),
            base::Errno(EPROTO));
  EXPECT_EQ(raw_.state().load(), kShutDown);
  EXPECT_FALSE(client_->RoundTrip(3, {}, {}, 0).ok());
}

TEST_F(ClientOfLiarTest, AnswerLongerThanTheWindowEndsTheChannel) {
  EXPECT_EQ(RoundTrip([&] {
              raw_.data_len().store(0xFFFFFFFF);
              raw_.SetState(kClientActive);
            }).error(),
            base::Errno(EPROTO));
}

TEST_F(ClientOfLiarTest, AnnouncedDescriptorsThatDoNotExistAreLeftOut) {
  const auto response = RoundTrip([&] {
    raw_.Put(absl::string_view("\x03\0\xFF\0answer", 10));
    raw_.SetState(kClientActive);
  });
  ASSERT_TRUE(response.ok());
  EXPECT_TRUE(response->fds.empty());
  EXPECT_EQ(AsText(response->payload), "answer");
}

TEST_F(ClientOfLiarTest, AnswerThatChangesAfterwardsIsAlreadyCopied) {
  const auto response = RoundTrip([&] {
    raw_.Put(absl::string_view("\x03\0\0\0answer", 10));
    raw_.SetState(kClientActive);
  });
  ASSERT_TRUE(response.ok());
  raw_.Put("??????????");
  EXPECT_EQ(AsText(response->payload), "answer");
}

TEST_F(ClientOfLiarTest, WindowThatDoesNotExistIsRefused) {
  const auto open = [&](uint64_t offset, uint64_t length) {
    return ClientChannel::Open(file_.fd(), offset, length, base::UniqueFd())
        .ok();
  };
  EXPECT_FALSE(open(4096, 4096));
  EXPECT_FALSE(open(0, 8192));
  EXPECT_FALSE(open(0, 0));
  EXPECT_FALSE(open(~uint64_t{0}, 1));
  EXPECT_FALSE(
      ClientChannel::Open(server_fds_.get(), 0, 4096, base::UniqueFd()).ok());
  EXPECT_TRUE(open(0, 4096));
}

}  // namespace
}  // namespace gofer::comm
