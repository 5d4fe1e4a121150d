#include "server/hostfs/mount_table.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/server/hostfs/private_mounts.h"
#include "tests/unit/server/hostfs/temp_directory.h"

namespace gofer::hostfs {
namespace {

using testing::Contains;
using testing::UnorderedElementsAre;

uint64_t MountIdOf(const std::string& path) {
  struct statx stat = {};
  GOFER_CHECK(::statx(AT_FDCWD, path.c_str(), 0, STATX_MNT_ID, &stat) == 0);
  return stat.stx_mnt_id;
}

std::unique_ptr<MountTable> OpenTable() {
  return std::make_unique<MountTable>(*MountTable::OpenMountInfo());
}

TEST(MountTableParseTest, CollectsLastComponentsByParent) {
  const auto snapshot = MountTable::Parse(
      "20 1 8:1 / / rw - ext4 /dev/a rw\n"
      "21 20 0:5 / /dev rw shared:2 - devtmpfs dev rw\n"
      "22 20 8:2 /sub /srv/data rw - ext4 /dev/b rw\n"
      "23 22 8:2 /f /srv/data/file rw - ext4 /dev/b rw\n");
  ASSERT_EQ(snapshot.size(), 4u);
  EXPECT_THAT(*snapshot.at(20), UnorderedElementsAre("dev", "data"));
  EXPECT_THAT(*snapshot.at(21), UnorderedElementsAre());
  EXPECT_THAT(*snapshot.at(22), UnorderedElementsAre("file"));
}

// Only some of the mounts on an unlisted parent may be visible.
TEST(MountTableParseTest, KnowsNothingOfAParentThatIsNotListed) {
  const auto snapshot =
      MountTable::Parse("21 20 0:5 / /dev rw - devtmpfs dev rw\n");
  EXPECT_FALSE(snapshot.contains(20));
}

TEST(MountTableParseTest, UndoesEscapes) {
  const auto snapshot = MountTable::Parse(
      "20 1 8:1 / / rw - ext4 /dev/a rw\n"
      "21 20 0:5 / /a\\040b\\134c rw - tmpfs t rw\n"
      "22 20 0:5 / /cut\\04 rw - tmpfs t rw\n");
  EXPECT_THAT(*snapshot.at(20), UnorderedElementsAre("a b\\c", "cut\\04"));
}

TEST(MountTableParseTest, LeavesOutLinesThatMakeNoSense) {
  const auto snapshot = MountTable::Parse("\nx 1 8:1 / / rw\n5\n7 8\n");
  EXPECT_TRUE(snapshot.empty());
}

TEST(MountTableTest, SeesProcAsAMountPoint) {
  const auto table = OpenTable();
  const auto names = table->MountPointNames(MountIdOf("/"));
  ASSERT_NE(names, nullptr);
  EXPECT_THAT(*names, Contains("proc"));
}

TEST(MountTableTest, UnknownMountProvesNothing) {
  EXPECT_EQ(OpenTable()->MountPointNames(~uint64_t{0}), nullptr);
}

TEST(MountTableTest, UnreadableTableProvesNothing) {
  const TempDirectory directory;
  MountTable table(directory.Open("", O_RDONLY));
  EXPECT_EQ(table.MountPointNames(MountIdOf("/")), nullptr);
}

TEST(MountTableTest, NoticesMountAndUnmount) {
  const TempDirectory directory;
  directory.MakeDirectory("sub");
  const std::string sub = directory.Path("sub");
  const ChildResult result = RunWithPrivateMounts([&] {
    const auto table = OpenTable();
    const uint64_t id = MountIdOf(directory.path());
    const auto lists_sub = [&] {
      const auto names = table->MountPointNames(id);
      return names != nullptr && names->contains("sub");
    };
    if (table->MountPointNames(id) == nullptr || lists_sub()) {
      return ChildResult::kFailed;
    }
    if (::mount(sub.c_str(), sub.c_str(), nullptr, MS_BIND, nullptr) != 0) {
      return ChildResult::kNoNamespaces;
    }
    if (!lists_sub() || !lists_sub()) return ChildResult::kFailed;
    if (::umount(sub.c_str()) != 0 || lists_sub()) return ChildResult::kFailed;
    return ChildResult::kPassed;
  });
  if (result == ChildResult::kNoNamespaces) GTEST_SKIP() << "no namespaces";
  EXPECT_EQ(result, ChildResult::kPassed);
}

}  // namespace
}  // namespace gofer::hostfs
