#include "server/hostfs/proc_self_fd.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <thread>

#include "gtest/gtest.h"
#include "server/base/thread.h"
#include "tests/unit/server/hostfs/temp_directory.h"

namespace gofer::hostfs {
namespace {

constexpr uint32_t kFchmodat2 = 452;

// For the calling thread, for as long as it lives.
void RefuseFchmodat2(uint32_t error) {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kFchmodat2, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {std::size(filter), filter};
  ASSERT_EQ(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
  ASSERT_EQ(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

class ProcSelfFdTest : public testing::Test {
 protected:
  ProcSelfFdTest() : proc_(*ProcSelfFd::OpenDirectory()) {
    directory_.MakeFile("f", "text");
    directory_.MakeSymlink("ln", "f");
  }
  base::UniqueFd Control(const std::string& name) {
    return directory_.Open(name, O_PATH | O_NOFOLLOW);
  }

  const TempDirectory directory_;
  const ProcSelfFd proc_;
};

TEST_F(ProcSelfFdTest, ReopensAFileThatHasNoNameAnyMore) {
  const base::UniqueFd control = Control("f");
  ASSERT_EQ(::unlink(directory_.Path("f").c_str()), 0);
  const auto file = proc_.Reopen(control.get(), O_RDWR | O_CLOEXEC);
  ASSERT_TRUE(file.ok());
  char text[8] = {};
  EXPECT_EQ(::read(file->get(), text, sizeof(text)), 4);
  EXPECT_STREQ(text, "text");
}

TEST_F(ProcSelfFdTest, ReopeningASymlinkDoesNotFollowIt) {
  const base::UniqueFd control = Control("ln");
  const auto file = proc_.Reopen(control.get(), O_RDONLY | O_CLOEXEC);
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.error(), base::Errno(ELOOP));
}

TEST_F(ProcSelfFdTest, ChangesModeWhereFchmodWillNot) {
  const base::UniqueFd control = Control("f");
  ASSERT_EQ(::fchmod(control.get(), 0600), -1);
  ASSERT_TRUE(proc_.Chmod(control.get(), 0640).ok());
  EXPECT_EQ(directory_.Stat("f").st_mode & 07777u, 0640u);
}

TEST_F(ProcSelfFdTest, ChangesModeWithoutFchmodat2) {
  for (const uint32_t refusal : {ENOSYS, EPERM}) {
    std::thread([&] {
      RefuseFchmodat2(refusal);
      const base::UniqueFd control = Control("f");
      EXPECT_TRUE(proc_.Chmod(control.get(), 0600 + refusal).ok());
      EXPECT_EQ(directory_.Stat("f").st_mode & 07777u, 0600 + refusal);
    }).join();
  }
}

TEST_F(ProcSelfFdTest, LinksASymlinkAndNotItsTarget) {
  const base::UniqueFd control = Control("ln");
  const base::UniqueFd parent = directory_.Open("", O_PATH);
  ASSERT_TRUE(proc_.Link(control.get(), parent.get(), "ln2").ok());
  EXPECT_EQ(directory_.Stat("ln2").st_ino, directory_.Stat("ln").st_ino);
}

TEST_F(ProcSelfFdTest, LinkOfADeletedFileBringsNothingBack) {
  const base::UniqueFd control = Control("f");
  const base::UniqueFd parent = directory_.Open("", O_PATH);
  ASSERT_EQ(::unlink(directory_.Path("f").c_str()), 0);
  const auto linked = proc_.Link(control.get(), parent.get(), "f2");
  ASSERT_FALSE(linked.ok());
  EXPECT_EQ(linked.error(), base::Errno(ENOENT));
}

// The path is relative to a working directory that is this thread's only.
TEST_F(ProcSelfFdTest, PathWorksAndLeavesOtherThreadsWhereTheyAre) {
  char before[PATH_MAX];
  ASSERT_NE(::getcwd(before, sizeof(before)), nullptr);
  const base::UniqueFd control = Control("f");
  struct stat stat = {};
  int result = -1;
  auto thread = base::Thread::Start("path", [&] {
    const auto path = proc_.PathOnThisThread(control.get());
    if (path.ok()) result = ::stat(path->data(), &stat);
  });
  ASSERT_TRUE(thread.ok());
  thread->Join();
  EXPECT_EQ(result, 0);
  EXPECT_EQ(stat.st_ino, directory_.Stat("f").st_ino);
  char after[PATH_MAX];
  ASSERT_NE(::getcwd(after, sizeof(after)), nullptr);
  EXPECT_STREQ(before, after);
}

TEST_F(ProcSelfFdTest, PathsOfTwoObjectsOnOneThreadWork) {
  const ProcSelfFd other(*ProcSelfFd::OpenDirectory());
  const base::UniqueFd control = Control("f");
  ino_t inodes[3] = {};
  auto thread = base::Thread::Start("paths", [&] {
    const ProcSelfFd* const order[3] = {&proc_, &other, &proc_};
    for (int i = 0; i < 3; ++i) {
      const auto path = order[i]->PathOnThisThread(control.get());
      struct stat stat = {};
      if (path.ok() && ::stat(path->data(), &stat) == 0) {
        inodes[i] = stat.st_ino;
      }
    }
  });
  ASSERT_TRUE(thread.ok());
  thread->Join();
  for (const ino_t inode : inodes) {
    EXPECT_EQ(inode, directory_.Stat("f").st_ino);
  }
}

}  // namespace
}  // namespace gofer::hostfs
