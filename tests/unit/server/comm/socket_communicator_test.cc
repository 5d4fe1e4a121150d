#include "server/comm/socket_communicator.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/uds/fd_message.h"
#include "server/uds/unix_socket.h"
#include "server/wire/limits.h"
#include "tests/support/hostile_fds.h"
#include "tests/support/open_fds.h"
#include "tests/unit/server/comm/raw_socket.h"

namespace gofer::comm {
namespace {

constexpr uint32_t kMax = wire::kMaxMessageSize;
// The close of such a socket would take a day.
constexpr int kLingerSeconds = 86'400;

class SocketCommunicatorTest : public testing::Test {
 protected:
  SocketCommunicatorTest()
      : SocketCommunicatorTest(*uds::MakeSocketPair(uds::SocketType::kStream)) {
  }

  void ExpectRequest(uint16_t message, absl::string_view payload) {
    const auto request = server_.Receive();
    ASSERT_TRUE(request.ok()) << request.error().number();
    EXPECT_EQ(request->message, message);
    EXPECT_EQ(request->payload_len, payload.size());
    EXPECT_FALSE(request->too_long);
    const auto prefix = server_.Prefix(payload.size() + 1);
    ASSERT_TRUE(prefix.ok());
    EXPECT_TRUE(AsText(*prefix) == payload);
    EXPECT_TRUE(AsText(server_.Bulk(0)) == payload);
  }

  void Answer(uint16_t message, absl::string_view payload) {
    const auto room = server_.Response(payload.size());
    ASSERT_TRUE(room.ok());
    ASSERT_EQ(room->size(), payload.size());
    Fill(*room, payload);
    EXPECT_TRUE(server_.Send(message, payload.size(), {}).ok());
  }

  // Sends `frame` with the last descriptor of a socket whose close waits.
  void SendLingeringSocket(int socket, const std::string& frame) {
    lingering_ = std::make_unique<test::LingeringSocket>(kLingerSeconds);
    const int fds[] = {lingering_->socket.get()};
    ASSERT_TRUE(uds::SendWithFds(socket, AsBytes(frame), fds, 0).ok());
    // The message keeps it open.
    lingering_->socket.reset();
  }

  RawSocket client_;
  SocketCommunicator server_;

 private:
  std::unique_ptr<test::LingeringSocket> lingering_;

  explicit SocketCommunicatorTest(uds::SocketPair pair)
      : client_(std::move(pair.first)), server_(std::move(pair.second), kMax) {}
};

TEST_F(SocketCommunicatorTest, ReadsAndWritesTheGoldenFrames) {
  ASSERT_TRUE(client_.Write(absl::HexStringToBytes("0000000001000000")));
  ExpectRequest(1, "");
  Answer(0, absl::string_view("\x16\0\0\0", 4));
  EXPECT_EQ(client_.ReadHex(12), "040000000000000016000000");
}

// Row 5.
TEST_F(SocketCommunicatorTest, HeaderMayComeByteByByte) {
  std::thread client([&] {
    for (const char byte : Frame(3, "abc")) {
      ASSERT_TRUE(client_.Write(absl::string_view(&byte, 1)));
    }
  });
  ExpectRequest(3, "abc");
  client.join();
}

// Row 6.
TEST_F(SocketCommunicatorTest, PaddingIsIgnored) {
  ASSERT_TRUE(client_.Write(Header(1, 3, 0xFFFF) + "x"));
  ExpectRequest(3, "x");
}

// Row 7.
TEST_F(SocketCommunicatorTest, ReceivesTwoRequestsOfOneWrite) {
  ASSERT_TRUE(client_.Write(Frame(3, "first") + Frame(4, "second")));
  ExpectRequest(3, "first");
  Answer(3, "1");
  ExpectRequest(4, "second");
  Answer(4, "2");
  EXPECT_EQ(client_.Read(18), Frame(3, "1") + Frame(4, "2"));
}

TEST_F(SocketCommunicatorTest, OneReadTakesAllThatIsQueued) {
  ASSERT_TRUE(client_.Write(Frame(3, "first") + Frame(4, "second")));
  ASSERT_TRUE(server_.Receive().ok());
  int left = -1;
  ASSERT_EQ(::ioctl(server_.fd(), FIONREAD, &left), 0);
  EXPECT_EQ(left, 0);
}

TEST_F(SocketCommunicatorTest, ReceivesManyPipelinedRequestsOfAllSizes) {
  std::thread client([&] {
    std::string bytes;
    for (uint32_t i = 0; i < 3000; ++i) {
      bytes +=
          Frame(static_cast<uint16_t>(i),
                std::string(i * 7 % 5000, static_cast<char>('a' + i % 26)));
    }
    ASSERT_TRUE(client_.Write(bytes));
  });
  for (uint32_t i = 0; i < 3000; ++i) {
    ExpectRequest(static_cast<uint16_t>(i),
                  std::string(i * 7 % 5000, static_cast<char>('a' + i % 26)));
  }
  client.join();
}

// Row 8.
TEST_F(SocketCommunicatorTest, EndOfFileInTheHeaderIsAConnectionReset) {
  ASSERT_TRUE(client_.Write("abc"));
  client_.Close();
  EXPECT_EQ(server_.Receive().error(), base::Errno(ECONNRESET));
}

// Row 9.
TEST_F(SocketCommunicatorTest, EndOfFileInThePayloadIsAConnectionReset) {
  ASSERT_TRUE(client_.Write(Header(100, 3) + "abc"));
  client_.Close();
  EXPECT_EQ(server_.Receive().error(), base::Errno(ECONNRESET));
}

TEST_F(SocketCommunicatorTest, EndOfFileBetweenRequestsIsAConnectionReset) {
  ASSERT_TRUE(client_.Write(Frame(3, "abc")));
  client_.Close();
  ExpectRequest(3, "abc");
  EXPECT_EQ(server_.Receive().error(), base::Errno(ECONNRESET));
  EXPECT_EQ(server_.Send(3, 0, {}).error(), base::Errno(ECONNRESET));
}

// Row 10.
TEST_F(SocketCommunicatorTest, TakesTheLongestPayload) {
  const std::string payload(kMax, 'p');
  std::thread client([&] {
    ASSERT_TRUE(client_.Write(Frame(11, payload)));
    EXPECT_TRUE(client_.Read(8 + kMax) == Frame(12, payload));
  });
  ExpectRequest(11, payload);
  Answer(12, payload);
  client.join();
}

// Row 11.
TEST_F(SocketCommunicatorTest, TooLongPayloadIsConsumedAndTheNextRequestWorks) {
  for (const uint32_t length :
       {kMax + 1, SocketCommunicator::kMaxDrainedBytes}) {
    std::thread client([&] {
      ASSERT_TRUE(client_.Write(Header(length, 11)));
      const std::string piece(size_t{1} << 20, 'p');
      for (size_t left = length; left > 0;) {
        const size_t step = std::min(left, piece.size());
        ASSERT_TRUE(client_.Write(absl::string_view(piece).substr(0, step)));
        left -= step;
      }
      ASSERT_TRUE(client_.Write(Frame(3, "next")));
    });
    const auto request = server_.Receive();
    ASSERT_TRUE(request.ok());
    EXPECT_TRUE(request->too_long);
    EXPECT_EQ(request->message, 11);
    EXPECT_EQ(request->payload_len, length);
    EXPECT_TRUE(server_.Prefix(100)->empty());
    ExpectRequest(3, "next");
    client.join();
  }
}

// Rows 12 and 13.
TEST_F(SocketCommunicatorTest, AbsurdLengthEndsTheConnectionAtOnce) {
  for (const uint32_t length :
       {SocketCommunicator::kMaxDrainedBytes + 1, 0xFFFFFFF8u, 0xFFFFFFFFu}) {
    auto pair = *uds::MakeSocketPair(uds::SocketType::kStream);
    SocketCommunicator server(std::move(pair.second), kMax);
    const RawSocket client(std::move(pair.first));
    ASSERT_TRUE(client.Write(Header(length, 3)));
    EXPECT_EQ(server.Receive().error(), base::Errno(EPROTO));
  }
}

TEST_F(SocketCommunicatorTest, MaximumCanBeLower) {
  auto pair = *uds::MakeSocketPair(uds::SocketType::kStream);
  SocketCommunicator server(std::move(pair.second), 10);
  const RawSocket client(std::move(pair.first));
  ASSERT_TRUE(client.Write(Frame(3, "0123456789A") + Frame(3, "0123456789")));
  EXPECT_TRUE(server.Receive()->too_long);
  EXPECT_FALSE(server.Receive()->too_long);
}

// Row 17. Newer kernels let a client attach some only before the server has
// the socket.
TEST_F(SocketCommunicatorTest, AttachedDescriptorsAreDropped) {
  auto pair = *uds::MakeSocketPair(uds::SocketType::kStream);
  const RawSocket client(std::move(pair.first));
  std::vector<base::UniqueFd> files;
  files.emplace_back(::memfd_create("file", 0));
  const std::string frame = Frame(3, "abc");
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(
        uds::SendWithFds(client.fd(), AsBytes(frame), test::Borrowed(files), 0)
            .ok());
  }
  const int before = test::CountOpenFds();
  SocketCommunicator server(std::move(pair.second), kMax);
  for (int i = 0; i < 10; ++i) {
    const auto request = server.Receive();
    ASSERT_TRUE(request.ok());
    EXPECT_EQ(request->message, 3);
    EXPECT_EQ(AsText(server.Bulk(0)), "abc");
    EXPECT_EQ(test::CountOpenFds(), before);
  }
}

TEST_F(SocketCommunicatorTest, ClientCannotAttachDescriptors) {
  constexpr int kPassRights = 83;
  int passes = 0;
  socklen_t size = sizeof(passes);
  if (::getsockopt(server_.fd(), SOL_SOCKET, kPassRights, &passes, &size) !=
      0) {
    GTEST_SKIP() << "needs Linux 6.16 (SO_PASSRIGHTS)";
  }
  std::vector<base::UniqueFd> files;
  files.emplace_back(::memfd_create("file", 0));
  const std::string frame = Frame(3, "abc");
  const auto sent =
      uds::SendWithFds(client_.fd(), AsBytes(frame), test::Borrowed(files), 0);
  EXPECT_EQ(sent.error(), base::Errno(EPERM));
}

TEST_F(SocketCommunicatorTest, AttachedSocketThatLingersDelaysNoRequest) {
  auto pair = *uds::MakeSocketPair(uds::SocketType::kStream);
  const RawSocket client(std::move(pair.first));
  ASSERT_TRUE(client.Write(Frame(3, "abc")));
  SendLingeringSocket(client.fd(), Frame(4, "def"));
  SocketCommunicator server(std::move(pair.second), kMax);
  EXPECT_EQ(server.Receive()->message, 3);
  EXPECT_EQ(server.Receive()->message, 4);
}

TEST_F(SocketCommunicatorTest, UnreadSocketThatLingersDelaysNoEnd) {
  auto pair = *uds::MakeSocketPair(uds::SocketType::kStream);
  const RawSocket client(std::move(pair.first));
  SendLingeringSocket(client.fd(), Frame(3, "abc"));
  SocketCommunicator server(std::move(pair.second), kMax);
}

// Row 20.
TEST_F(SocketCommunicatorTest, TenThousandBytesAreReassembled) {
  std::string payload;
  while (payload.size() < 10'000) absl::StrAppend(&payload, payload.size());
  payload.resize(10'000);
  ASSERT_TRUE(client_.Write(Header(10'000, 3) + payload.substr(0, 5000)));
  ASSERT_TRUE(client_.Write(payload.substr(5000)));
  ExpectRequest(3, payload);
}

// Row 21.
TEST_F(SocketCommunicatorTest, DescriptorsComeWithTheFirstByte) {
  std::vector<base::UniqueFd> files;
  for (int i = 0; i < 3; ++i) files.emplace_back(::memfd_create("file", 0));
  ASSERT_TRUE(server_.Response(2).ok());
  ASSERT_TRUE(server_.Send(7, 2, test::Borrowed(files)).ok());
  std::byte first[1];
  const auto got = uds::ReceiveWithFds(client_.fd(), first, 3, 0);
  ASSERT_TRUE(got.ok());
  ASSERT_EQ(got->fds.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(test::IsSameFile(got->fds[i].get(), files[i].get()));
  }
  EXPECT_EQ(client_.Read(9).size(), 9u);
}

TEST_F(SocketCommunicatorTest, MoreDescriptorsThanFitAreLeftOut) {
  std::vector<base::UniqueFd> files;
  for (size_t i = 0; i <= SocketCommunicator::kMaxFds; ++i) {
    files.emplace_back(::memfd_create("file", 0));
  }
  ASSERT_TRUE(server_.Send(7, 0, test::Borrowed(files)).ok());
  EXPECT_EQ(client_.Read(8), Frame(7, ""));
}

TEST_F(SocketCommunicatorTest, DescriptorsGoOnceThoughTheWriteIsShort) {
  // A small send buffer, no blocking: many short writes.
  const int small = 1;
  ASSERT_EQ(
      ::setsockopt(server_.fd(), SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)),
      0);
  ASSERT_EQ(::fcntl(server_.fd(), F_SETFL, O_NONBLOCK), 0);
  std::vector<base::UniqueFd> files;
  files.emplace_back(::memfd_create("file", 0));
  const std::string payload(300'000, 'z');
  std::thread server([&] {
    Fill(*server_.Response(payload.size()), payload);
    EXPECT_TRUE(server_.Send(7, payload.size(), test::Borrowed(files)).ok());
  });
  std::string read;
  size_t fds = 0;
  std::vector<std::byte> buffer(70'000);
  while (read.size() < payload.size() + 8) {
    const auto got = uds::ReceiveWithFds(client_.fd(), buffer, 10, 0);
    ASSERT_TRUE(got.ok());
    fds += got->fds.size();
    read += AsText(std::span(buffer).first(got->byte_count));
  }
  server.join();
  EXPECT_EQ(fds, 1u);
  EXPECT_TRUE(read == Frame(7, payload));
}

// Row 22.
TEST_F(SocketCommunicatorTest, EmptyMessagesAreHeadersOnly) {
  ASSERT_TRUE(client_.Write(Frame(65535, "")));
  ExpectRequest(65535, "");
  Answer(9, "");
  EXPECT_EQ(client_.ReadHex(8), "0000000009000000");
}

TEST_F(SocketCommunicatorTest, NonBlockingSocketWaitsAsWell) {
  ASSERT_EQ(::fcntl(server_.fd(), F_SETFL, O_NONBLOCK), 0);
  std::thread client([&] {
    for (int i = 0; i < 100; ++i) {
      ASSERT_TRUE(client_.Write(Frame(3, "abc")));
      EXPECT_EQ(client_.Read(9), Frame(3, "x"));
    }
  });
  for (int i = 0; i < 100; ++i) {
    ExpectRequest(3, "abc");
    Answer(3, "x");
  }
  client.join();
}

TEST_F(SocketCommunicatorTest, RequestStaysReadableWhileTheResponseIsWritten) {
  ASSERT_TRUE(client_.Write(Frame(3, "abcdef") + Frame(4, "ghi")));
  ASSERT_TRUE(server_.Receive().ok());
  const auto prefix = server_.Prefix(3);
  const auto bulk = server_.Bulk(3);
  const auto room = server_.Response(100'000);
  ASSERT_TRUE(prefix.ok() && room.ok());
  Fill(*room, std::string(100'000, 'r'));
  EXPECT_EQ(AsText(*prefix), "abc");
  EXPECT_EQ(AsText(bulk), "def");
}

TEST_F(SocketCommunicatorTest, ResponseMayBeShorterThanReserved) {
  const auto room = server_.Response(100);
  ASSERT_TRUE(room.ok());
  Fill(*room, "abcdef");
  ASSERT_TRUE(server_.Send(3, 2, {}).ok());
  EXPECT_EQ(client_.Read(10), Frame(3, "ab"));
}

// The client's own end may be what it has queued, and the client be gone.
TEST_F(SocketCommunicatorTest, ClientThatSendsMoreMustTakeItsResponse) {
  auto pair = *uds::MakeSocketPair(uds::SocketType::kStream);
  SocketCommunicator server(std::move(pair.second), kMax,
                            SocketCommunicator::kIdleMillis,
                            flipcall::HostWaitEnvironment(),
                            /*room_step_millis=*/1);
  const RawSocket client(std::move(pair.first));
  ASSERT_TRUE(client.Write(Frame(3, "abc")));
  ASSERT_TRUE(server.Response(kMax).ok());
  EXPECT_EQ(server.Send(3, kMax, {}).error().number(), EPROTO);
}

TEST_F(SocketCommunicatorTest, ResponseThatNobodyTakesDelaysNoEnd) {
  auto pair = *uds::MakeSocketPair(uds::SocketType::kStream);
  SocketCommunicator server(std::move(pair.second), kMax,
                            SocketCommunicator::kIdleMillis,
                            flipcall::HostWaitEnvironment(),
                            /*room_step_millis=*/1);
  const RawSocket client(std::move(pair.first));
  ASSERT_TRUE(server.Response(kMax).ok());
  server.ShutdownReceive();
  EXPECT_EQ(server.Send(3, kMax, {}).error().number(), ESHUTDOWN);
}

TEST_F(SocketCommunicatorTest, SmallRequestsNeedOnePageOfMemory) {
  EXPECT_EQ(server_.buffer_bytes(), 0u);
  ASSERT_TRUE(client_.Write(Frame(3, "abc")));
  ExpectRequest(3, "abc");
  EXPECT_EQ(server_.buffer_bytes(), 4096u);
}

TEST_F(SocketCommunicatorTest, LargeBuffersAreGivenBackToASilentClient) {
  auto pair = *uds::MakeSocketPair(uds::SocketType::kStream);
  // Silence of no length: it is enough that nothing has come yet.
  SocketCommunicator server(std::move(pair.second), kMax, 0);
  const RawSocket client(std::move(pair.first));
  const std::string large = Frame(11, std::string(200'000, 'l'));
  // Whether the server looks before the small request comes is luck.
  bool released = false;
  for (int attempt = 0; attempt < 10'000 && !released; ++attempt) {
    std::thread writer([&] { ASSERT_TRUE(client.Write(large)); });
    ASSERT_TRUE(server.Receive().ok());
    ASSERT_TRUE(server.Response(200'000).ok());
    writer.join();
    EXPECT_GT(server.buffer_bytes(), 400'000u);
    std::thread receiver([&] {
      const auto request = server.Receive();
      ASSERT_TRUE(request.ok());
      EXPECT_EQ(AsText(*server.Prefix(5)), "small");
    });
    ::sched_yield();
    ASSERT_TRUE(client.Write(Frame(3, "small")));
    receiver.join();
    released = server.buffer_bytes() == 4096;
  }
  EXPECT_TRUE(released);
}

}  // namespace
}  // namespace gofer::comm
