#include "server/worker/sandbox_exit.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "server/base/unique_fd.h"

namespace gofer::worker {
namespace {

// Long enough for any machine: a wait that takes this long has hung.
constexpr int kLongMillis = 60'000;

class SandboxExitTest : public testing::Test {
 protected:
  SandboxExitTest() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    ours_ = base::UniqueFd(ends[0]);
    runscs_ = base::UniqueFd(ends[1]);
  }
  void Send(int fd) const {
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control = {};
    char byte = 0;
    iovec part = {.iov_base = &byte, .iov_len = 1};
    msghdr message = {};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &fd, sizeof(fd));
    ASSERT_EQ(::sendmsg(runscs_.get(), &message, 0), 1);
  }

  base::UniqueFd ours_;
  base::UniqueFd runscs_;
};

TEST_F(SandboxExitTest, EndsWithTheProcess) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  base::UniqueFd reader(ends[0]), writer(ends[1]);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::close(ends[1]);
    char byte;
    (void)!::read(ends[0], &byte, 1);
    ::_exit(0);
  }
  const base::UniqueFd process(
      static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  ASSERT_TRUE(process.valid());
  Send(process.get());
  writer.reset();
  AwaitSandboxExit(ours_.get(), kLongMillis);
  siginfo_t info = {};
  // It has ended, so this does not wait.
  EXPECT_EQ(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG),
            0);
  EXPECT_EQ(info.si_pid, child);
}

TEST_F(SandboxExitTest, DoesNotWaitForASandboxThatWasNeverMade) {
  runscs_.reset();
  AwaitSandboxExit(ours_.get(), kLongMillis);
}

TEST_F(SandboxExitTest, GivesUpOnAProcessThatStays) {
  const base::UniqueFd myself(
      static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0)));
  Send(myself.get());
  AwaitSandboxExit(ours_.get(), 1);
}

}  // namespace
}  // namespace gofer::worker
