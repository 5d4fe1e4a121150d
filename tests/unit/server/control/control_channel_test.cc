#include "server/control/control_channel.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/base/clock.h"
#include "server/uds/fd_message.h"
#include "server/uds/unix_socket.h"
#include "tests/support/open_fds.h"

namespace gofer::control {
namespace {

using base::Errno;

constexpr uint64_t kSecond = 1'000'000'000;
// What a packet that is not the last one of its frame has of it.
constexpr uint32_t kFull = 32760;

std::string Number(uint32_t number) {
  std::string bytes;
  for (int i = 0; i < 4; ++i) {
    bytes.push_back(static_cast<char>(number >> (8 * i)));
  }
  return bytes;
}

std::string Packet(uint32_t frame_bytes, uint32_t offset,
                   absl::string_view body) {
  return absl::StrCat(Number(frame_bytes), Number(offset), body);
}

std::vector<base::UniqueFd> MakeFiles(size_t count) {
  std::vector<base::UniqueFd> files;
  for (size_t i = 0; i < count; ++i) {
    files.emplace_back(::memfd_create("file", MFD_CLOEXEC));
  }
  return files;
}

class ControlChannelTest : public testing::Test {
 protected:
  ControlChannelTest() {
    auto pair = *uds::MakeSocketPair(uds::SocketType::kSeqPacket);
    raw_ = std::move(pair.first);
    channel_ = std::make_unique<ControlChannel>(std::move(pair.second));
    open_before_ = test::CountOpenFds();
  }

  void SendRaw(absl::string_view packet, size_t files = 0) {
    const auto owned = MakeFiles(files);
    const auto sent = uds::SendWithFds(
        raw_.get(), std::as_bytes(std::span(packet.data(), packet.size())),
        test::Borrowed(owned), 0);
    ASSERT_TRUE(sent.ok());
    ASSERT_EQ(*sent, packet.size());
  }

  void ExpectError(int number) {
    const auto frame = channel_->Receive();
    ASSERT_FALSE(frame.ok());
    EXPECT_EQ(frame.error(), Errno(number));
    channel_.reset();
    EXPECT_EQ(test::CountOpenFds(), open_before_ - 1) << "leaked";
  }

  const std::string full_ = std::string(kFull, 'a');
  base::UniqueFd raw_;
  std::unique_ptr<ControlChannel> channel_;
  int open_before_ = 0;
};

TEST_F(ControlChannelTest, FramesOfAllSizesArriveWhole) {
  ControlChannel sender(std::move(raw_));
  for (const size_t size : {size_t{0}, size_t{1}, size_t{32760}, size_t{32761},
                            size_t{65520}, kMaxFrameBytes}) {
    std::string sent(size, 'x');
    for (size_t i = 0; i < size; ++i) sent[i] = static_cast<char>(i * 7 / 5);
    // Longer frames than the socket holds: somebody has to read meanwhile.
    std::thread writer(
        [&] { EXPECT_TRUE(sender.Send(sent, {}, 20 * kSecond).ok()); });
    auto got = channel_->Receive();
    while (!got.ok() && got.error() == Errno(EAGAIN)) got = channel_->Receive();
    writer.join();
    ASSERT_TRUE(got.ok()) << got.error().number();
    EXPECT_TRUE(got->bytes == sent) << size;
    EXPECT_TRUE(got->fds.empty());
  }
}

TEST_F(ControlChannelTest, DescriptorsArriveInOrderWithTheirFrame) {
  ControlChannel sender(std::move(raw_));
  const auto files = MakeFiles(kMaxFrameFds);
  ASSERT_TRUE(sender.Send("none", {}, kSecond).ok());
  ASSERT_TRUE(
      sender.Send(std::string(40000, 'b'), test::Borrowed(files), kSecond)
          .ok());
  const auto first = channel_->Receive();
  ASSERT_TRUE(first.ok());
  EXPECT_TRUE(first->fds.empty());
  const auto second = channel_->Receive();
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->bytes.size(), 40000u);
  ASSERT_EQ(second->fds.size(), files.size());
  for (size_t i = 0; i < files.size(); ++i) {
    EXPECT_TRUE(test::IsSameFile(second->fds[i].get(), files[i].get()));
  }
}

TEST_F(ControlChannelTest, SaysThatNothingIsThereYet) {
  const auto frame = channel_->Receive();
  ASSERT_FALSE(frame.ok());
  EXPECT_EQ(frame.error(), Errno(EAGAIN));
}

TEST_F(ControlChannelTest, HalfAFrameIsContinuedLater) {
  SendRaw(Packet(kFull + 3, 0, full_), 1);
  EXPECT_EQ(channel_->Receive().error(), Errno(EAGAIN));
  SendRaw(Packet(kFull + 3, kFull, "def"));
  const auto frame = channel_->Receive();
  ASSERT_TRUE(frame.ok());
  EXPECT_EQ(frame->bytes, full_ + "def");
  EXPECT_EQ(frame->fds.size(), 1u);
}

TEST_F(ControlChannelTest, HalfAFrameThenTheEndIsAnError) {
  SendRaw(Packet(kFull + 3, 0, full_), 2);
  raw_.reset();
  open_before_ -= 1;
  ExpectError(ECONNRESET);
}

TEST_F(ControlChannelTest, RejectsPacketsThatMakeNoFrame) {
  const std::string packets[] = {
      "short",
      Packet(3, 1, "abc"),  // Begins in the middle.
      Packet(2, 0, "abc"),  // More than the frame.
      Packet(3, 0, ""),     // Nothing of the frame.
      Packet(0, 0, "a"),    // Of an empty frame.
      Packet(0, 4, ""),
      Packet(kMaxFrameBytes + 1, 0, "a"),
      Packet(UINT32_MAX, UINT32_MAX, "a"),
      Packet(40000, 0, std::string(32769, 'a')),  // Too long a packet.
  };
  for (const std::string& packet : packets) {
    auto pair = *uds::MakeSocketPair(uds::SocketType::kSeqPacket);
    raw_ = std::move(pair.first);
    channel_ = std::make_unique<ControlChannel>(std::move(pair.second));
    open_before_ = test::CountOpenFds();
    SendRaw(packet, 1);
    ExpectError(EPROTO);
  }
}

TEST_F(ControlChannelTest, RejectsLaterPacketsThatDoNotFit) {
  const std::string packets[] = {
      Packet(kFull + 3, 0, full_),           // Again from the start.
      Packet(kFull + 3, kFull - 1, "cdef"),  // Overlapping.
      Packet(kFull + 3, kFull + 1, "ef"),    // A hole.
      Packet(kFull + 4, kFull, "defg"),      // Of another length.
      Packet(kFull + 3, kFull, "defg"),      // More than the rest.
      Packet(kFull + 3, kFull, "de"),        // Less than it.
      Packet(kFull + 3, kFull, ""),
  };
  for (const std::string& packet : packets) {
    auto pair = *uds::MakeSocketPair(uds::SocketType::kSeqPacket);
    raw_ = std::move(pair.first);
    channel_ = std::make_unique<ControlChannel>(std::move(pair.second));
    open_before_ = test::CountOpenFds();
    SendRaw(Packet(kFull + 3, 0, full_), 1);
    SendRaw(packet);
    ExpectError(EPROTO);
  }
}

TEST_F(ControlChannelTest, OneByteAtATimeIsRefused) {
  SendRaw(Packet(kMaxFrameBytes, 0, "a"));
  SendRaw(Packet(kMaxFrameBytes, 1, "a"));
  ExpectError(EPROTO);
}

TEST_F(ControlChannelTest, DescriptorsOfAPeerThatHasNoneAreNotTaken) {
  auto pair = *uds::MakeSocketPair(uds::SocketType::kSeqPacket);
  raw_ = std::move(pair.first);
  channel_ = std::make_unique<ControlChannel>(std::move(pair.second), 0);
  SendRaw(Packet(3, 0, "abc"));
  EXPECT_EQ(channel_->Receive()->bytes, "abc");
  // Who reads it lets go of it, and may have to wait.
  auto file = std::move(MakeFiles(1)[0]);
  const int fd = file.get();
  const std::string packet = Packet(3, 0, "abc");
  ASSERT_TRUE(
      uds::SendWithFds(raw_.get(),
                       std::as_bytes(std::span(packet.data(), packet.size())),
                       {&fd, 1}, 0)
          .ok());
  EXPECT_EQ(channel_->Receive().error(), Errno(EMSGSIZE));
  EXPECT_EQ(channel_->Receive().error(), Errno(EMSGSIZE));
}

TEST_F(ControlChannelTest, RejectsDescriptorsBesideALaterPacket) {
  SendRaw(Packet(kFull + 3, 0, full_), 1);
  SendRaw(Packet(kFull + 3, kFull, "def"), 1);
  ExpectError(EPROTO);
}

TEST_F(ControlChannelTest, RejectsTooManyDescriptors) {
  SendRaw(Packet(3, 0, "abc"), kMaxFrameFds + 1);
  ExpectError(EMSGSIZE);
}

TEST_F(ControlChannelTest, RejectsMoreDescriptorsThanThisEndTakes) {
  auto pair = *uds::MakeSocketPair(uds::SocketType::kSeqPacket);
  ControlChannel few(std::move(pair.first), 1);
  ControlChannel sender(std::move(pair.second));
  const auto files = MakeFiles(2);
  ASSERT_TRUE(sender.Send("x", test::Borrowed(files), kSecond).ok());
  EXPECT_EQ(few.Receive().error(), Errno(EMSGSIZE));
}

TEST_F(ControlChannelTest, ClosesDescriptorsWithoutFreeNumbers) {
  SendRaw(Packet(3, 0, "abc"), 3);
  rlimit before;
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const base::UniqueFd lowest(::memfd_create("lowest", MFD_CLOEXEC));
  rlimit tight = before;
  tight.rlim_cur = static_cast<rlim_t>(lowest.get()) + 1;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
  const auto frame = channel_->Receive();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_FALSE(frame.ok());
  EXPECT_EQ(frame.error(), Errno(EMSGSIZE));
  EXPECT_EQ(test::CountOpenFds(), open_before_ + 1);
}

TEST_F(ControlChannelTest, WhatCannotBeSentLeavesTheChannelAlive) {
  const auto files = MakeFiles(kMaxFrameFds + 1);
  EXPECT_EQ(channel_->Send("x", test::Borrowed(files), kSecond).error(),
            Errno(EMSGSIZE));
  EXPECT_EQ(
      channel_->Send(std::string(kMaxFrameBytes + 1, 'x'), {}, kSecond).error(),
      Errno(EMSGSIZE));
  EXPECT_TRUE(channel_->Send("x", {}, kSecond).ok());
}

TEST_F(ControlChannelTest, APeerThatDoesNotReadCostsNoMoreThanTheTimeout) {
  const std::string frame(kMaxFrameBytes, 'x');
  const uint64_t begin = base::MonotonicNanos();
  const auto sent = channel_->Send(frame, {}, kSecond / 50);
  ASSERT_FALSE(sent.ok());
  EXPECT_EQ(sent.error(), Errno(ETIMEDOUT));
  EXPECT_LT(base::MonotonicNanos() - begin, 10 * kSecond);
  EXPECT_EQ(channel_->Send(frame, {}, 0).error(), Errno(ETIMEDOUT));
}

TEST_F(ControlChannelTest, ShutdownIsSeenByThePeer) {
  ControlChannel peer(std::move(raw_));
  channel_->Shutdown();
  EXPECT_EQ(peer.Receive().error(), Errno(ECONNRESET));
  EXPECT_EQ(peer.Send("x", {}, kSecond).error(), Errno(EPIPE));
  EXPECT_EQ(channel_->Receive().error(), Errno(ECONNRESET));
}

}  // namespace
}  // namespace gofer::control
