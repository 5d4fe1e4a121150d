// Attacks on what all connections share: the kernel's limit on descriptors that
// a user has sent and nobody has taken.

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "server/comm/fd_channel.h"
#include "server/comm/socket_communicator.h"
#include "server/uds/fd_message.h"
#include "server/uds/unix_socket.h"
#include "server/wire/limits.h"
#include "tests/unit/server/comm/raw_socket.h"

namespace gofer::comm {
namespace {

class FdsInFlightTest : public testing::Test {
 protected:
  FdsInFlightTest()
      : FdsInFlightTest(*uds::MakeSocketPair(uds::SocketType::kStream)) {}

  bool Donate() { return server_.Send(7, 0, std::span(&file_, 1)).ok(); }

  // Reads `count` empty responses; how many descriptors came with them.
  size_t TakeResponses(int count) const {
    size_t fds = 0;
    std::byte frame[8];
    for (int i = 0; i < count; ++i) {
      const auto got = uds::ReceiveWithFds(client_.fd(), frame, 10, 0);
      EXPECT_TRUE(got.ok());
      if (!got.ok()) break;
      EXPECT_EQ(AsText(frame), Frame(7, ""));
      fds += got->fds.size();
    }
    return fds;
  }

  const base::UniqueFd owned_file_{::memfd_create("file", 0)};
  const int file_ = owned_file_.get();
  RawSocket client_;
  SocketCommunicator server_;

 private:
  explicit FdsInFlightTest(uds::SocketPair pair)
      : client_(std::move(pair.first)),
        server_(std::move(pair.second), wire::kMaxMessageSize) {}
};

TEST_F(FdsInFlightTest, ClientThatReadsNoResponsesGetsNoMoreDescriptors) {
  constexpr int kResponses = 100;
  for (int i = 0; i < kResponses; ++i) ASSERT_TRUE(Donate());
  const size_t fds = TakeResponses(kResponses);
  EXPECT_GE(fds, 2u);
  EXPECT_LE(fds, 16u);
  // It is served as before when it keeps up.
  for (int i = 0; i < kResponses; ++i) {
    ASSERT_TRUE(Donate());
    EXPECT_EQ(TakeResponses(1), 1u);
  }
}

// The result of a child process of the next test.
enum Verdict { kLives = 0, kEnded = 1, kGotFds = 2, kNoLimitHere = 3 };

// Sends descriptors that nobody takes until the kernel refuses.
bool UseUpTheRoom(int file) {
  // As root there would be no limit.
  if (::geteuid() == 0 && ::setuid(65'533) != 0) return false;
  const rlimit limit = {.rlim_cur = 200, .rlim_max = 200};
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
  static auto hoard = *uds::MakeSocketPair(uds::SocketType::kStream);
  const std::vector<int> fds(100, file);
  const std::byte byte[1] = {};
  for (int i = 0; i < 20; ++i) {
    const auto sent = uds::SendWithFds(hoard.first.get(), byte, fds, 0);
    if (!sent.ok()) return sent.error() == base::Errno(ETOOMANYREFS);
  }
  return false;
}

TEST_F(FdsInFlightTest, ClientsThatHoardThemDoNotEndOtherConnections) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    if (!UseUpTheRoom(file_)) ::_exit(kNoLimitHere);
    for (int i = 0; i < 2; ++i) {
      if (!Donate()) ::_exit(kEnded);
      if (TakeResponses(1) != 0) ::_exit(kGotFds);
    }
    ::_exit(HasFailure() ? kEnded : kLives);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == kNoLimitHere) GTEST_SKIP() << "no such limit here";
  EXPECT_EQ(WEXITSTATUS(status), kLives);
}

TEST_F(FdsInFlightTest, ChannelClientThatTakesNoneHasFewInFlight) {
  auto pair = *uds::MakeSocketPair(uds::SocketType::kSeqPacket);
  const FdChannel sender(std::move(pair.first));
  sender.LimitQueue();
  const std::vector<int> files(50, file_);
  const size_t sent = sender.Send(files);
  EXPECT_GE(sent, 2u);
  EXPECT_LE(sent, 16u);
}

}  // namespace
}  // namespace gofer::comm
