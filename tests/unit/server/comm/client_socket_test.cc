#include "server/comm/client_socket.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/comm/socket_communicator.h"
#include "server/uds/fd_message.h"
#include "server/uds/unix_socket.h"
#include "server/wire/limits.h"
#include "tests/support/open_fds.h"
#include "tests/unit/server/comm/raw_socket.h"

namespace gofer::comm {
namespace {

class ClientSocketTest : public testing::Test {
 protected:
  ClientSocketTest()
      : ClientSocketTest(*uds::MakeSocketPair(uds::SocketType::kStream)) {}

  // The client's result when a server answers with `bytes` and hangs up.
  base::ErrnoOr<Response> AnswerWith(absl::string_view bytes) {
    auto pair = *uds::MakeSocketPair(uds::SocketType::kStream);
    RawSocket server(std::move(pair.first));
    client_of_liar_ = std::make_unique<ClientSocket>(std::move(pair.second));
    EXPECT_TRUE(server.Write(bytes));
    ::shutdown(server.fd(), SHUT_WR);
    return client_of_liar_->RoundTrip(3, AsBytes("abc"), {}, 1);
  }

  RawSocket server_;
  ClientSocket client_;
  std::unique_ptr<ClientSocket> client_of_liar_;

 private:
  explicit ClientSocketTest(uds::SocketPair pair)
      : server_(std::move(pair.first)), client_(std::move(pair.second)) {}
};

TEST_F(ClientSocketTest, SendsHeadAndBulkAsOnePayload) {
  ASSERT_TRUE(server_.Write(Frame(5, "answer")));
  const auto response =
      client_.RoundTrip(4, AsBytes("head"), AsBytes("bulk"), 0);
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->message, 5);
  EXPECT_EQ(AsText(response->payload), "answer");
  EXPECT_EQ(server_.Read(16), Frame(4, "headbulk"));
}

TEST_F(ClientSocketTest, TalksToTheServersSide) {
  auto pair = *uds::MakeSocketPair(uds::SocketType::kStream);
  SocketCommunicator server(std::move(pair.first), wire::kMaxMessageSize);
  ClientSocket client(std::move(pair.second));
  std::thread echo([&] {
    for (;;) {
      const auto request = server.Receive();
      if (!request.ok()) return;
      const std::string payload = AsText(server.Bulk(0));
      Fill(*server.Response(payload.size()), payload);
      ASSERT_TRUE(server.Send(request->message, payload.size(), {}).ok());
    }
  });
  for (const size_t size : {size_t{0}, size_t{1}, size_t{4088}, size_t{4089},
                            size_t{300'000}, size_t{wire::kMaxMessageSize}}) {
    const std::string payload(size, 'e');
    const auto response =
        client.RoundTrip(7, AsBytes(payload).first(size / 2),
                         AsBytes(payload).subspan(size / 2), 0);
    ASSERT_TRUE(response.ok());
    EXPECT_EQ(response->message, 7);
    EXPECT_TRUE(AsText(response->payload) == payload);
  }
  client.Shutdown();
  echo.join();
}

TEST_F(ClientSocketTest, TooLongRequestIsNotSentAndTheSocketLives) {
  const std::string most(wire::kMaxMessageSize, 'x');
  EXPECT_EQ(client_.RoundTrip(3, AsBytes(most), AsBytes("y"), 0).error(),
            base::Errno(EMSGSIZE));
  ASSERT_TRUE(server_.Write(Frame(3, "")));
  EXPECT_TRUE(client_.RoundTrip(3, {}, {}, 0).ok());
}

TEST_F(ClientSocketTest, KeepsTheDescriptorsThatItWantsAndClosesTheRest) {
  std::vector<base::UniqueFd> files;
  for (int i = 0; i < 4; ++i) files.emplace_back(::memfd_create("file", 0));
  const int before = test::CountOpenFds();
  const std::string frame = Frame(3, "x");
  ASSERT_TRUE(
      uds::SendWithFds(server_.fd(), AsBytes(frame), test::Borrowed(files), 0)
          .ok());
  {
    const auto response = client_.RoundTrip(3, {}, {}, 2);
    ASSERT_TRUE(response.ok());
    ASSERT_EQ(response->fds.size(), 2u);
    EXPECT_TRUE(test::IsSameFile(response->fds[1].get(), files[1].get()));
    EXPECT_EQ(test::CountOpenFds(), before + 2);
  }
  ASSERT_TRUE(server_.Write(Frame(3, "x")));
  EXPECT_TRUE(client_.RoundTrip(3, {}, {}, 2)->fds.empty());
}

TEST_F(ClientSocketTest, LyingServerHangsUpEarly) {
  const std::string frame = Frame(3, "answer");
  for (size_t cut = 0; cut < frame.size(); ++cut) {
    EXPECT_EQ(AnswerWith(frame.substr(0, cut)).error(),
              base::Errno(ECONNRESET));
  }
}

TEST_F(ClientSocketTest, LyingServerAnnouncesAnAbsurdLength) {
  for (const uint32_t length : {wire::kMaxMessageSize + 1, 0xFFFFFFFFu}) {
    EXPECT_EQ(AnswerWith(Header(length, 3)).error(), base::Errno(EPROTO));
    EXPECT_FALSE(client_of_liar_->RoundTrip(3, {}, {}, 0).ok());
  }
}

TEST_F(ClientSocketTest, LyingServerAnswersTwice) {
  EXPECT_EQ(AnswerWith(Frame(3, "one") + Frame(3, "two")).error(),
            base::Errno(EPROTO));
}

TEST_F(ClientSocketTest, LyingServerFloodsUsWithDescriptors) {
  std::vector<base::UniqueFd> files;
  for (int i = 0; i < 200; ++i) files.emplace_back(::memfd_create("file", 0));
  const int before = test::CountOpenFds();
  const std::string frame = Frame(3, "xx");
  for (const size_t byte : {size_t{0}, size_t{1}}) {
    ASSERT_TRUE(uds::SendWithFds(server_.fd(), AsBytes(frame).subspan(byte, 1),
                                 test::Borrowed(files), 0)
                    .ok());
  }
  EXPECT_EQ(client_.RoundTrip(3, {}, {}, 1).error(), base::Errno(EPROTO));
  EXPECT_EQ(test::CountOpenFds(), before);
}

}  // namespace
}  // namespace gofer::comm
