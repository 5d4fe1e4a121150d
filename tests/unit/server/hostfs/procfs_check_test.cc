#include "server/hostfs/procfs_check.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

#include "server/base/unique_fd.h"
#include "server/hostfs/stat_convert.h"
#include "tests/unit/server/hostfs/temp_directory.h"

namespace gofer::hostfs {
namespace {

class ProcfsCheckTest : public testing::Test {
 protected:
  bool IsProcfs(const char* directory, const char* name) {
    const base::UniqueFd fd(::open(directory, O_PATH | O_CLOEXEC));
    const auto level = lisafs::ProtocolLevel::kNov2023;
    const auto stat =
        *name == '\0' ? StatFd(fd.get(), level) : StatAt(fd.get(), name, level);
    EXPECT_TRUE(stat.ok());
    return stat.ok() && check_.IsProcfs(fd.get(), name, *stat);
  }

  ProcfsCheck check_;
};

TEST_F(ProcfsCheckTest, KnowsProcfs) {
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(IsProcfs("/proc", ""));
    EXPECT_TRUE(IsProcfs("/proc", "self"));
    EXPECT_TRUE(IsProcfs("/", "proc"));
    EXPECT_TRUE(IsProcfs("/proc/self/mem", ""));
  }
}

TEST_F(ProcfsCheckTest, KnowsOtherFileSystemsInMemory) {
  for (int i = 0; i < 2; ++i) {
    EXPECT_FALSE(IsProcfs("/dev", ""));
    EXPECT_FALSE(IsProcfs("/dev", "null"));
    EXPECT_FALSE(IsProcfs("/sys", ""));
  }
}

TEST_F(ProcfsCheckTest, KnowsFilesOnDisks) {
  const TempDirectory directory;
  EXPECT_FALSE(IsProcfs(directory.path().c_str(), ""));
}

// A procfs of a PID namespace or a container is not the procfs on /proc.
TEST_F(ProcfsCheckTest, KnowsASecondProcfs) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to mount";
  const base::UniqueFd context(::fsopen("proc", FSOPEN_CLOEXEC));
  ASSERT_TRUE(context.valid());
  ASSERT_EQ(::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0),
            0);
  const base::UniqueFd procfs(::fsmount(context.get(), FSMOUNT_CLOEXEC, 0));
  ASSERT_TRUE(procfs.valid());
  const auto stat = StatFd(procfs.get(), lisafs::ProtocolLevel::kNov2023);
  ASSERT_TRUE(stat.ok());
  EXPECT_TRUE(check_.IsProcfs(procfs.get(), "", *stat));
}

TEST_F(ProcfsCheckTest, FileThatHasGoneIsNotServed) {
  const base::UniqueFd dev(::open("/dev", O_PATH | O_CLOEXEC));
  EXPECT_TRUE(check_.IsProcfs(dev.get(), "no-such-file", wire::Statx()));
}

}  // namespace
}  // namespace gofer::hostfs
