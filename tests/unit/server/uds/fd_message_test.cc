#include "server/uds/fd_message.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <vector>

#include "server/uds/unix_socket.h"
#include "tests/support/open_fds.h"

namespace gofer::uds {
namespace {

std::vector<base::UniqueFd> MakeFiles(size_t count) {
  std::vector<base::UniqueFd> files;
  for (size_t i = 0; i < count; ++i) {
    files.emplace_back(::memfd_create("file", 0));
  }
  return files;
}

class FdMessageTest : public testing::Test {
 protected:
  int sender() const { return pair_.first.get(); }
  int receiver() const { return pair_.second.get(); }

  SocketPair pair_ = *MakeSocketPair(SocketType::kStream);
  std::byte bytes_[16] = {};
};

TEST_F(FdMessageTest, BytesAndDescriptorsArriveInOrder) {
  const auto files = MakeFiles(3);
  const std::byte sent[] = {std::byte{1}, std::byte{2}};
  EXPECT_EQ(*SendWithFds(sender(), sent, test::Borrowed(files), 0), 2u);
  const auto got = ReceiveWithFds(receiver(), bytes_, 3, 0);
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(got->byte_count, 2u);
  EXPECT_EQ(bytes_[1], std::byte{2});
  ASSERT_EQ(got->fds.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(test::IsSameFile(got->fds[i].get(), files[i].get()));
    EXPECT_EQ(::fcntl(got->fds[i].get(), F_GETFD), FD_CLOEXEC);
  }
}

TEST_F(FdMessageTest, CarriesEveryCountUpToTheKernelsLimit) {
  const auto files = MakeFiles(kMaxFdsPerMessage);
  for (const size_t count : {size_t{1}, size_t{2}, size_t{3},
                             kMaxFdsPerMessage - 1, kMaxFdsPerMessage}) {
    const std::span<const base::UniqueFd> some(files.data(), count);
    ASSERT_TRUE(
        SendWithFds(sender(), std::span(bytes_, 1), test::Borrowed(some), 0)
            .ok());
    const auto got = ReceiveWithFds(receiver(), bytes_, count, 0);
    ASSERT_TRUE(got.ok());
    EXPECT_EQ(got->fds.size(), count);
  }
}

TEST_F(FdMessageTest, MoreThanTheKernelCarriesAreRefused) {
  const auto files = MakeFiles(kMaxFdsPerMessage + 1);
  EXPECT_EQ(SendWithFds(sender(), bytes_, test::Borrowed(files), 0).error(),
            base::Errno(EINVAL));
  EXPECT_EQ(
      ReceiveWithFds(receiver(), bytes_, kMaxFdsPerMessage + 1, 0).error(),
      base::Errno(EINVAL));
}

TEST_F(FdMessageTest, ReceiveClosesAllDescriptorsOnTruncation) {
  for (const size_t wanted : {0u, 1u, 2u}) {
    const auto files = MakeFiles(3);
    const int before = test::CountOpenFds();
    ASSERT_TRUE(
        SendWithFds(sender(), std::span(bytes_, 1), test::Borrowed(files), 0)
            .ok());
    EXPECT_EQ(ReceiveWithFds(receiver(), bytes_, wanted, 0).error(),
              base::Errno(EMSGSIZE));
    EXPECT_EQ(test::CountOpenFds(), before);
  }
}

TEST_F(FdMessageTest, ReceiveClosesAllDescriptorsWhenNumbersRunOut) {
  const auto files = MakeFiles(3);
  ASSERT_TRUE(
      SendWithFds(sender(), std::span(bytes_, 1), test::Borrowed(files), 0)
          .ok());
  const int before = test::CountOpenFds();
  // One more number is free than the last file's.
  rlimit limit;
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  rlimit tight = limit;
  tight.rlim_cur = static_cast<rlim_t>(files.back().get()) + 2;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
  const auto got = ReceiveWithFds(receiver(), bytes_, 3, 0);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(got.error(), base::Errno(EMSGSIZE));
  EXPECT_EQ(test::CountOpenFds(), before);
}

TEST_F(FdMessageTest, EndOfFileIsZeroBytes) {
  pair_.first.reset();
  const auto got = ReceiveWithFds(receiver(), bytes_, 1, 0);
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(got->byte_count, 0u);
  EXPECT_TRUE(got->fds.empty());
}

TEST_F(FdMessageTest, BrokenPipeIsAnErrorAndNoSignal) {
  pair_.second.reset();
  EXPECT_EQ(SendWithFds(sender(), bytes_, {}, 0).error(), base::Errno(EPIPE));
}

TEST_F(FdMessageTest, NothingQueuedIsAnErrorWithoutBlocking) {
  EXPECT_EQ(ReceiveWithFds(receiver(), bytes_, 1, MSG_DONTWAIT).error(),
            base::Errno(EAGAIN));
}

TEST_F(FdMessageTest, CredentialsAmongTheDescriptorsAreNoDescriptors) {
  const int on = 1;
  ASSERT_EQ(::setsockopt(receiver(), SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)),
            0);
  const auto files = MakeFiles(1);
  ASSERT_TRUE(
      SendWithFds(sender(), std::span(bytes_, 1), test::Borrowed(files), 0)
          .ok());
  const auto got = ReceiveWithFds(receiver(), bytes_, kMaxFdsPerMessage, 0);
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(got->fds.size(), 1u);
}

}  // namespace
}  // namespace gofer::uds
