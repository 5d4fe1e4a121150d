#include "server/base/mount_info.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "server/base/unique_fd.h"

namespace gofer::base {
namespace {

TEST(ParseMountInfoTest, ReadsLinesOfTheKernel) {
  const auto mounts = ParseMountInfo(
      "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"
      "22 21 0:5 / /with\\040blank rw - proc proc rw\n");
  ASSERT_EQ(mounts.size(), 2u);
  EXPECT_EQ(mounts[0].id, 21u);
  EXPECT_EQ(mounts[0].parent, 1u);
  EXPECT_EQ(mounts[0].mount_point, "/");
  EXPECT_EQ(mounts[0].type, "ext4");
  EXPECT_EQ(mounts[1].parent, 21u);
  EXPECT_EQ(mounts[1].mount_point, "/with blank");
  EXPECT_EQ(mounts[1].type, "proc");
}

TEST(ParseMountInfoTest, LeavesOutLinesThatMakeNoSense) {
  EXPECT_TRUE(ParseMountInfo("\nx 1 8:1 / / rw\n5\n7 8\n").empty());
  const auto short_line = ParseMountInfo("21 20 0:5 / /dev rw");
  ASSERT_EQ(short_line.size(), 1u);
  EXPECT_EQ(short_line[0].type, "");
}

TEST(ReadMountInfoTest, FindsTheRootOfThisProcess) {
  const UniqueFd file(::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC));
  const auto text = ReadMountInfo(file.get());
  ASSERT_TRUE(text.ok());
  const auto mounts = ParseMountInfo(*text);
  EXPECT_TRUE(std::any_of(mounts.begin(), mounts.end(), [](const MountInfo& m) {
    return m.mount_point == "/";
  }));
}

TEST(ReadMountInfoTest, ReportsErrors) {
  EXPECT_EQ(ReadMountInfo(-1).error(), Errno(EBADF));
}

}  // namespace
}  // namespace gofer::base
