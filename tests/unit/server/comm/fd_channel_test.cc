#include "server/comm/fd_channel.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cerrno>
#include <thread>
#include <utility>
#include <vector>

#include "server/uds/fd_message.h"
#include "server/uds/unix_socket.h"
#include "tests/support/open_fds.h"

namespace gofer::comm {
namespace {

std::vector<base::UniqueFd> MakeFiles(size_t count) {
  std::vector<base::UniqueFd> files;
  for (size_t i = 0; i < count; ++i) {
    files.emplace_back(::memfd_create("file", 0));
  }
  return files;
}

class FdChannelTest : public testing::Test {
 protected:
  FdChannelTest()
      : FdChannelTest(*uds::MakeSocketPair(uds::SocketType::kSeqPacket)) {}

  FdChannel sender_;
  FdChannel receiver_;

 private:
  explicit FdChannelTest(uds::SocketPair pair)
      : sender_(std::move(pair.first)), receiver_(std::move(pair.second)) {}
};

TEST_F(FdChannelTest, DescriptorsArriveInOrderOnePerMessage) {
  const auto files = MakeFiles(3);
  EXPECT_EQ(sender_.Send(test::Borrowed(files)), 3u);
  for (const base::UniqueFd& file : files) {
    const auto got = receiver_.TryReceive();
    ASSERT_TRUE(got.ok());
    EXPECT_TRUE(test::IsSameFile(got->get(), file.get()));
  }
  EXPECT_EQ(receiver_.TryReceive().error(), base::Errno(EAGAIN));
}

// A client's own end, queued here, would outlive the client.
TEST_F(FdChannelTest, RefusesWhatThePeerWouldSend) {
  sender_.RefuseAll();
  const auto files = MakeFiles(1);
  EXPECT_EQ(receiver_.Send(test::Borrowed(files)), 0u);
  EXPECT_EQ(sender_.Send(test::Borrowed(files)), 1u);
  EXPECT_TRUE(receiver_.TryReceive().ok());
}

// Row 53.
TEST_F(FdChannelTest, NothingQueuedIsEagain) {
  EXPECT_EQ(receiver_.TryReceive().error(), base::Errno(EAGAIN));
}

// Row 54.
TEST_F(FdChannelTest, ShutdownEndsABlockingReceiveOnEitherEnd) {
  std::thread receiver(
      [&] { EXPECT_EQ(receiver_.Receive().error(), base::Errno(ECONNRESET)); });
  sender_.Shutdown();
  receiver.join();
  EXPECT_EQ(receiver_.Receive().error(), base::Errno(ECONNRESET));
  EXPECT_EQ(sender_.Receive().error(), base::Errno(ECONNRESET));
  EXPECT_EQ(sender_.Send(test::Borrowed(MakeFiles(1))), 0u);
}

// Row 56.
TEST_F(FdChannelTest, PeerThatDoesNotDrainBlocksNobody) {
  const auto files = MakeFiles(10);
  size_t sent = 0;
  size_t now = 0;
  do {
    now = sender_.Send(test::Borrowed(files));
    sent += now;
  } while (now == files.size());
  EXPECT_EQ(sender_.Send(test::Borrowed(files)), 0u);
  // The FDs counted as sent are there, and draining makes room again.
  for (size_t i = 0; i < sent; ++i) EXPECT_TRUE(receiver_.TryReceive().ok());
  EXPECT_EQ(sender_.Send(test::Borrowed(files)), files.size());
}

TEST_F(FdChannelTest, MoreThanTheHeaderCanCountAreNotSentAtAll) {
  EXPECT_EQ(sender_.Send(test::Borrowed(MakeFiles(FdChannel::kMaxFds + 1))),
            0u);
  EXPECT_EQ(receiver_.TryReceive().error(), base::Errno(EAGAIN));
}

TEST_F(FdChannelTest, LyingPeerSendsAMessageWithoutADescriptor) {
  ASSERT_TRUE(uds::SendWithFds(sender_.fd(), {}, {}, 0).ok());
  EXPECT_EQ(receiver_.TryReceive().error(), base::Errno(ECONNRESET));
}

TEST_F(FdChannelTest, LyingPeerSendsSeveralDescriptorsAtOnce) {
  const auto files = MakeFiles(3);
  const int before = test::CountOpenFds();
  ASSERT_TRUE(
      uds::SendWithFds(sender_.fd(), {}, test::Borrowed(files), 0).ok());
  EXPECT_EQ(receiver_.TryReceive().error(), base::Errno(EPROTO));
  EXPECT_EQ(test::CountOpenFds(), before);
}

}  // namespace
}  // namespace gofer::comm
