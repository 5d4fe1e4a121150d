#include "server/comm/channel_communicator.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"
#include "server/comm/fd_channel.h"
#include "server/uds/unix_socket.h"
#include "server/wire/limits.h"
#include "tests/support/open_fds.h"
#include "tests/support/raw_window.h"
#include "tests/unit/server/comm/raw_socket.h"

namespace gofer::comm {
namespace {

constexpr uint32_t kClientActive = 0;
constexpr uint32_t kServerActive = 1;
constexpr uint32_t kShutDown = 2;
constexpr uint64_t kWindowBytes = uint64_t{2} << 20;

std::vector<base::UniqueFd> MakeFiles(size_t count) {
  std::vector<base::UniqueFd> files;
  for (size_t i = 0; i < count; ++i) {
    files.emplace_back(::memfd_create("file", 0));
  }
  return files;
}

class ChannelCommunicatorTest : public testing::Test {
 protected:
  ChannelCommunicatorTest() {
    auto pair = *uds::MakeSocketPair(uds::SocketType::kSeqPacket);
    server_ = std::make_unique<ChannelCommunicator>(
        file_.Map(), std::move(pair.first), wire::kMaxMessageSize);
    fds_ = std::make_unique<FdChannel>(std::move(pair.second));
  }

  void HandOver(absl::string_view datagram) const {
    raw_.Put(datagram);
    raw_.SetState(kServerActive);
  }
  void HandOverHex(absl::string_view hex) const {
    HandOver(absl::HexStringToBytes(hex));
  }

  // The handshake, and the request `datagram` after it.
  base::ErrnoOr<Request> ReceiveFirst(absl::string_view datagram) {
    std::thread client([&] {
      HandOver("{}\n");
      EXPECT_EQ(raw_.AwaitStateNot(kServerActive), kClientActive);
      EXPECT_EQ(raw_.Hex(19), "000000000300000000000000000000007b7d0a");
      HandOver(datagram);
    });
    const auto request = server_->Receive();
    client.join();
    return request;
  }
  base::ErrnoOr<Request> ReceiveFirstHex(absl::string_view hex) {
    return ReceiveFirst(absl::HexStringToBytes(hex));
  }

  test::WindowFile file_{kWindowBytes};
  test::RawWindow raw_ = file_.Raw();
  std::unique_ptr<ChannelCommunicator> server_;
  std::unique_ptr<FdChannel> fds_;
};

// Rows 31 and 34 of tests/conformance/rows.md, byte for byte.
TEST_F(ChannelCommunicatorTest, ReadsAndWritesTheGoldenBytes) {
  const auto request = ReceiveFirstHex("030000000100000000000000");
  EXPECT_EQ(raw_.Hex(28),
            "010000000c0000000000000000000000"
            "030000000100000000000000");
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request->message, 3);
  EXPECT_EQ(request->payload_len, 8u);
  EXPECT_FALSE(request->too_long);
  EXPECT_EQ(absl::BytesToHexString(AsText(*server_->Prefix(100))),
            "0100000000000000");
  Fill(*server_->Response(4), absl::string_view("\x5f\0\0\0", 4));
  ASSERT_TRUE(server_->Send(0, 4, {}).ok());
  EXPECT_EQ(raw_.Hex(24), "00000000080000000000000000000000000000005f000000");
}

// Row 33.
TEST_F(ChannelCommunicatorTest, EmptyResponseIsFourBytesLong) {
  ASSERT_TRUE(ReceiveFirstHex("090000000000").ok());
  ASSERT_TRUE(server_->Send(9, 0, {}).ok());
  EXPECT_EQ(raw_.data_len().load(), 4u);
}

// Row 32 and the order of row 35.
TEST_F(ChannelCommunicatorTest, DescriptorsAreQueuedBeforeTheHandOver) {
  ASSERT_TRUE(ReceiveFirstHex("07000000").ok());
  const auto files = MakeFiles(2);
  ASSERT_TRUE(server_->Send(7, 0, test::Borrowed(files)).ok());
  EXPECT_EQ(raw_.Hex(20), "0000000004000000000000000000000007000200");
  for (const base::UniqueFd& file : files) {
    const auto got = fds_->TryReceive();
    ASSERT_TRUE(got.ok());
    EXPECT_TRUE(test::IsSameFile(got->get(), file.get()));
  }
  EXPECT_EQ(fds_->TryReceive().error(), base::Errno(EAGAIN));
}

TEST_F(ChannelCommunicatorTest, TooManyDescriptorsAreLeftOut) {
  ASSERT_TRUE(ReceiveFirstHex("07000000").ok());
  ASSERT_TRUE(server_->Send(7, 0, test::Borrowed(MakeFiles(256))).ok());
  EXPECT_EQ(raw_.Hex(20), "0000000004000000000000000000000007000000");
}

// Row 30.
TEST_F(ChannelCommunicatorTest, HandshakeOfNonsenseEndsTheChannel) {
  HandOver("nonsense");
  EXPECT_EQ(server_->Receive().error(), base::Errno(EPROTO));
  EXPECT_EQ(raw_.state().load(), kShutDown);
}

// Row 36.
TEST_F(ChannelCommunicatorTest, IgnoresAnnouncedDescriptorsThatDoNotExist) {
  const auto request = ReceiveFirstHex("0300030001");
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request->payload_len, 1u);
  EXPECT_TRUE(server_->Send(3, 0, {}).ok());
}

// Row 37.
TEST_F(ChannelCommunicatorTest, RefusesDescriptorsOfTheClient) {
  const auto files = MakeFiles(1);
  EXPECT_EQ(fds_->Send(test::Borrowed(files)), 0u);
  ASSERT_TRUE(ReceiveFirstHex("0300010001").ok());
  const int before = test::CountOpenFds();
  ASSERT_TRUE(server_->Send(3, 0, {}).ok());
  EXPECT_EQ(raw_.Hex(20), "0000000004000000000000000000000003000000");
  EXPECT_EQ(fds_->TryReceive().error(), base::Errno(EAGAIN));
  EXPECT_EQ(test::CountOpenFds(), before);
}

// Rows 38 and 39.
TEST_F(ChannelCommunicatorTest, DatagramWithoutRoomForTheHeaderEndsTheChannel) {
  for (const absl::string_view datagram : {"", "a", "ab", "abc"}) {
    test::WindowFile file(kWindowBytes);
    const test::RawWindow raw = file.Raw();
    auto pair = *uds::MakeSocketPair(uds::SocketType::kSeqPacket);
    ChannelCommunicator server(file.Map(), std::move(pair.first), 4096);
    std::thread client([&] {
      raw.Put("{}\n");
      raw.SetState(kServerActive);
      raw.AwaitStateNot(kServerActive);
      raw.Put(datagram);
      raw.SetState(kServerActive);
    });
    EXPECT_EQ(server.Receive().error(), base::Errno(EPROTO));
    client.join();
    EXPECT_EQ(raw.state().load(), kShutDown);
    EXPECT_FALSE(server.Receive().ok());
  }
}

// Row 40.
TEST_F(ChannelCommunicatorTest, LengthBeyondTheWindowEndsTheChannel) {
  std::thread client([&] {
    HandOver("{}\n");
    raw_.AwaitStateNot(kServerActive);
    raw_.data_len().store(2'097'137);
    raw_.SetState(kServerActive);
  });
  EXPECT_EQ(server_->Receive().error(), base::Errno(EPROTO));
  client.join();
  EXPECT_EQ(raw_.state().load(), kShutDown);
}

// Row 41.
TEST_F(ChannelCommunicatorTest, StateThatDoesNotExistEndsTheChannel) {
  ASSERT_TRUE(ReceiveFirstHex("03000000").ok());
  ASSERT_TRUE(server_->Send(3, 0, {}).ok());
  raw_.SetState(7);
  EXPECT_EQ(server_->Receive().error(), base::Errno(EPROTO));
  EXPECT_EQ(raw_.state().load(), kShutDown);
}

TEST_F(ChannelCommunicatorTest, WindowsLastBytesAreTooLongButHarmless) {
  const std::string longest(2'097'136, '\x01');
  const auto request = ReceiveFirst(longest);
  ASSERT_TRUE(request.ok());
  EXPECT_TRUE(request->too_long);
  EXPECT_EQ(request->payload_len, 2'097'132u);
  EXPECT_EQ(server_->Bulk(2'097'132).size(), 0u);
}

TEST_F(ChannelCommunicatorTest, TakesTheLongestAllowedPayload) {
  const std::string datagram(4 + wire::kMaxMessageSize, '\x01');
  const auto request = ReceiveFirst(datagram);
  ASSERT_TRUE(request.ok());
  EXPECT_FALSE(request->too_long);
  EXPECT_EQ(server_->Response(wire::kMaxMessageSize)->size(),
            wire::kMaxMessageSize);
  EXPECT_EQ(server_->Response(kWindowBytes).error(), base::Errno(EIO));
}

TEST_F(ChannelCommunicatorTest, PrefixIsACopyThatTheClientCannotChange) {
  ASSERT_TRUE(ReceiveFirst(absl::string_view("\x03\0\0\0abcdef", 10)).ok());
  const auto prefix = server_->Prefix(3);
  ASSERT_TRUE(prefix.ok());
  EXPECT_EQ(AsText(server_->Bulk(3)), "def");
  raw_.Put("\x03???xxxxxx");
  raw_.data_len().store(0xFFFFFFFF);
  EXPECT_EQ(AsText(*prefix), "abc");
  // The length was taken once.
  EXPECT_EQ(AsText(server_->Bulk(3)), "xxx");
  EXPECT_EQ(server_->Prefix(100)->size(), 6u);
  EXPECT_TRUE(server_->Prefix(0)->empty());
}

TEST_F(ChannelCommunicatorTest, LargeCopyIsGivenBackWithTheResponse) {
  ASSERT_TRUE(ReceiveFirst(std::string(1'000'000, '\x01')).ok());
  ASSERT_TRUE(server_->Prefix(900'000).ok());
  EXPECT_GE(server_->buffer_bytes(), 900'000u);
  ASSERT_TRUE(server_->Send(1, 0, {}).ok());
  EXPECT_EQ(server_->buffer_bytes(), 0u);
  HandOver(std::string(4000, '\x01'));
  ASSERT_TRUE(server_->Receive().ok());
  ASSERT_TRUE(server_->Prefix(3000).ok());
  ASSERT_TRUE(server_->Send(1, 0, {}).ok());
  EXPECT_EQ(server_->buffer_bytes(), 4096u);
}

// Row 56: what cannot be queued is left out, and nobody waits.
TEST_F(ChannelCommunicatorTest, ClientThatNeverDrainsLosesDescriptors) {
  ASSERT_TRUE(ReceiveFirstHex("07000000").ok());
  const auto files = MakeFiles(1);
  int with_fd = 0;
  for (;;) {
    ASSERT_TRUE(server_->Send(7, 0, test::Borrowed(files)).ok());
    const bool queued = raw_.data()[2] == std::byte{1};
    if (!queued) break;
    ++with_fd;
    // All users' processes share the room for descriptors in flight.
    ASSERT_LE(with_fd, 16);
    HandOverHex("07000000");
    ASSERT_TRUE(server_->Receive().ok());
  }
  // The FDs that a client may have in flight when it takes them in time.
  EXPECT_GE(with_fd, 2);
  for (int i = 0; i < with_fd; ++i) EXPECT_TRUE(fds_->TryReceive().ok());
  EXPECT_EQ(fds_->TryReceive().error(), base::Errno(EAGAIN));
}

// Row 57.
TEST_F(ChannelCommunicatorTest,
       ClientThatRewritesTheRequestAllTheTimeIsSurvived) {
  std::atomic<bool> stop = false;
  std::thread client([&] {
    raw_.Put("{}\n");
    raw_.SetState(kServerActive);
    raw_.AwaitStateNot(kServerActive);
    uint32_t x = 1;
    while (!stop) {
      x = x * 1664525 + 1013904223;
      for (size_t i = 0; i < 64; ++i) raw_.data()[i] = std::byte(x >> 24);
      // Often a good length, sometimes none.
      raw_.data_len().store((x >> 16) % 500 == 0 ? x : 4 + x % 60);
      uint32_t expected = kClientActive;
      if (raw_.state().compare_exchange_strong(expected, kServerActive)) {
        flipcall::FutexWake(raw_.futex_word(), 1);
      }
      if (expected == kShutDown) return;
    }
  });
  for (int i = 0; i < 20'000; ++i) {
    const auto request = server_->Receive();
    if (!request.ok()) {
      EXPECT_EQ(request.error(), base::Errno(EPROTO));
      break;
    }
    ASSERT_LE(request->payload_len, 2'097'132u);
    const auto prefix = server_->Prefix(32);
    ASSERT_TRUE(prefix.ok());
    ASSERT_LE(prefix->size(), request->payload_len);
    const std::string before = AsText(*prefix);
    ASSERT_EQ(server_->Bulk(0).size(), request->payload_len);
    ASSERT_EQ(AsText(*prefix), before);
    if (!server_->Send(request->message, 4, {}).ok()) break;
  }
  stop = true;
  server_->Shutdown();
  client.join();
}

}  // namespace
}  // namespace gofer::comm
