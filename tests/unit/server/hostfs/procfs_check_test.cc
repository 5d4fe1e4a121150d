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
  static bool IsProcfsAt(const char* directory, const char* name) {
    const base::UniqueFd fd(::open(directory, O_PATH | O_CLOEXEC));
    const auto level = lisafs::ProtocolLevel::kNov2023;
    const auto stat =
        *name == '\0' ? StatFd(fd.get(), level) : StatAt(fd.get(), name, level);
    EXPECT_TRUE(stat.ok());
    return stat.ok() && IsProcfs(fd.get(), name, *stat, kDisk);
  }
};

TEST_F(ProcfsCheckTest, KnowsProcfs) {
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(IsProcfsAt("/proc", ""));
    EXPECT_TRUE(IsProcfsAt("/proc", "self"));
    EXPECT_TRUE(IsProcfsAt("/", "proc"));
    EXPECT_TRUE(IsProcfsAt("/proc/self/mem", ""));
  }
}

TEST_F(ProcfsCheckTest, KnowsOtherFileSystemsInMemory) {
  for (int i = 0; i < 2; ++i) {
    EXPECT_FALSE(IsProcfsAt("/dev", ""));
    EXPECT_FALSE(IsProcfsAt("/dev", "null"));
    EXPECT_FALSE(IsProcfsAt("/sys", ""));
  }
}

TEST_F(ProcfsCheckTest, KnowsFilesOnDisks) {
  const TempDirectory directory;
  EXPECT_FALSE(IsProcfsAt(directory.path().c_str(), ""));
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
  EXPECT_TRUE(IsProcfs(procfs.get(), "", *stat, kDisk));
}

// The kernel gives numbers of devices again: one answer holds for nobody else.
TEST_F(ProcfsCheckTest, KnowsAProcfsWithTheNumberOfAnotherFileSystem) {
  const base::UniqueFd proc(::open("/proc", O_PATH | O_CLOEXEC));
  const auto stat = StatFd(proc.get(), lisafs::ProtocolLevel::kNov2023);
  ASSERT_TRUE(stat.ok());
  const base::UniqueFd dev(::open("/dev", O_PATH | O_CLOEXEC));
  EXPECT_FALSE(IsProcfs(dev.get(), "", *stat, kDisk));
  EXPECT_TRUE(IsProcfs(proc.get(), "", *stat, kDisk));
}

TEST_F(ProcfsCheckTest, FilesOnAServedDeviceAreServed) {
  wire::Statx stat;
  stat.dev_minor = 77;
  EXPECT_FALSE(IsProcfs(-1, "", stat, 77));
  EXPECT_TRUE(IsProcfs(-1, "", stat, 78));
  stat.dev_major = 8;
  EXPECT_FALSE(IsProcfs(-1, "", stat, kDisk));
}

TEST_F(ProcfsCheckTest, FileThatHasGoneIsNotServed) {
  const base::UniqueFd dev(::open("/dev", O_PATH | O_CLOEXEC));
  EXPECT_TRUE(IsProcfs(dev.get(), "no-such-file", wire::Statx(), kDisk));
}

}  // namespace
}  // namespace gofer::hostfs
