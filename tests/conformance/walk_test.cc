// Rows 58 to 84 of rows.md: Walk and WalkStat.

#include <fcntl.h>
#include <sys/stat.h>

#include "tests/conformance/conformance_test.h"

namespace gofer::test {
namespace {

using Status = wire::WalkStatus;

class WalkTest : public ConformanceTest {
 protected:
  void ExpectWalk(FdId dir, const Names& path, Status status, size_t count) {
    const auto walked = c_.Walk(dir, path);
    EXPECT_EQ(walked.error, 0);
    EXPECT_EQ(walked->status, status);
    EXPECT_EQ(walked->inodes.size(), count);
  }
  void ExpectWalkStat(FdId dir, const Names& path, size_t count) {
    const auto walked = c_.WalkStat(dir, path);
    EXPECT_EQ(walked.error, 0);
    EXPECT_EQ(walked->stats.size(), count);
  }
};

TEST_P(WalkTest, Row058_EmptyPathFromADirectoryGivesNothing) {
  ExpectWalk(root_, {}, Status::kSuccess, 0);
}

TEST_P(WalkTest, Row059_EmptyPathFromAFileIsEnotdir) {
  EXPECT_EQ(c_.Walk(To({"f"}), {}).error, ENOTDIR);
}

TEST_P(WalkTest, Row060_UnsafeNamesAreRefused) {
  for (const absl::string_view name : {"", ".", "..", "a/b"}) {
    EXPECT_EQ(c_.Walk(root_, {name}).error, EINVAL) << name;
  }
}

TEST_P(WalkTest, Row061_NulInANameIsRefused) {
  EXPECT_EQ(c_.Walk(root_, {absl::string_view("d1\0x", 4)}).error, EINVAL);
  EXPECT_EQ(c_.Walk(root_, {absl::string_view("..\0x", 4)}).error, EINVAL);
}

TEST_P(WalkTest, Row062_WalkGivesTheDirectoriesThatExist) {
  std::string path = "/scratch";
  Names names;
  for (int i = 0; i < 10; ++i) {
    path += "/n";
    tree().MakeDirectory(path);
    names.push_back("n");
  }
  for (const absl::string_view name : {"a", "b", "c"}) names.push_back(name);
  ExpectWalk(root_, names, Status::kComponentDoesNotExist, 10);
}

TEST_P(WalkTest, Row063_MissingComponentStops) {
  ExpectWalk(root_, {"d1", "nope", "x"}, Status::kComponentDoesNotExist, 1);
}

TEST_P(WalkTest, Row064_LastComponentMayBeASymlink) {
  const auto walked = c_.Walk(root_, {"ln"});
  EXPECT_EQ(walked->status, Status::kSuccess);
  ASSERT_EQ(walked->inodes.size(), 1u);
  EXPECT_EQ(walked->inodes[0].stat.mode & S_IFMT, S_IFLNK);
}

TEST_P(WalkTest, Row065_SymlinkIsNotFollowed) {
  ExpectWalk(root_, {"ln", "d2"}, Status::kComponentSymlink, 1);
}

TEST_P(WalkTest, Row066_FileIsNoDirectory) {
  EXPECT_EQ(c_.Walk(root_, {"f", "x"}).error, ENOTDIR);
}

TEST_P(WalkTest, Row067_NameOf256CharsFailsAndSkipsTheFdId) {
  const auto before = static_cast<uint64_t>(To({"f"}));
  const size_t fds = session_.connection->fd_counts().control;
  EXPECT_EQ(c_.Walk(root_, {"d1", kLongName}).error, ENAMETOOLONG);
  EXPECT_EQ(session_.connection->fd_counts().control, fds);
  EXPECT_EQ(static_cast<uint64_t>(To({"f"})), before + 2);
  EXPECT_EQ(c_.FStat(FdId{before + 1}).error, EBADF);
}

TEST_P(WalkTest, Row068_StopsBeforeTheBadName) {
  ExpectWalk(root_, {"missing", ".."}, Status::kComponentDoesNotExist, 0);
}

TEST_P(WalkTest, Row069_NameIsTestedBeforeTheSymlink) {
  EXPECT_EQ(c_.Walk(root_, {"ln", ".."}).error, EINVAL);
}

TEST_P(WalkTest, Row070_UnknownFdIsEbadf) {
  EXPECT_EQ(c_.Walk(kUnknown, {"f"}).error, EBADF);
  EXPECT_EQ(c_.WalkStat(kUnknown, {"f"}).error, EBADF);
}

TEST_P(WalkTest, Row071_SymlinkIsNoDirectory) {
  EXPECT_EQ(c_.Walk(To({"ln"}), {"x"}).error, ENOTDIR);
}

TEST_P(WalkTest, Row072_DeletedDirectoryHasNoEntries) {
  const FdId d3 = To({"d1", "d2", "d3"});
  ASSERT_TRUE(c_.UnlinkAt(To({"d1", "d2"}), "d3", AT_REMOVEDIR).ok());
  ExpectWalk(d3, {"x"}, Status::kComponentDoesNotExist, 0);
}

TEST_P(WalkTest, Row073_BlockDeviceIsRefused) {
  if (!tree().MakeDevice("/scratch/blk", S_IFBLK | 0600, 7, 200)) {
    GTEST_SKIP() << "making a block device needs root";
  }
  EXPECT_EQ(c_.Walk(root_, {"blk"}).error, EPERM);
  EXPECT_EQ(c_.WalkStat(root_, {"blk"}).error, EPERM);
}

TEST_P(WalkTest, Row074_FifoMayBeWalkedToWithoutPermission) {
  ClientOptions options = Options();
  options.policy.open_fifos = false;
  Session other = NewSession(options);
  const auto walked = other->Walk(other.root, {"fifo"});
  EXPECT_EQ(walked.error, 0);
  EXPECT_EQ(walked->inodes.size(), 1u);
}

TEST_P(WalkTest, Row075_EmptyNameStatsTheFdItself) {
  for (const FdId fd : {root_, To({"f"}), To({"ln"})}) {
    const auto walked = c_.WalkStat(fd, {""});
    ASSERT_EQ(walked.error, 0);
    ASSERT_EQ(walked->stats.size(), 1u);
    EXPECT_EQ(walked->stats[0].ino, c_.FStat(fd)->ino);
  }
}

TEST_P(WalkTest, Row076_WalkStatOfNothingGivesNothing) {
  ExpectWalkStat(root_, {}, 0);
}

TEST_P(WalkTest, Row077_EmptyNameMayBeFollowedByOthers) {
  ExpectWalkStat(root_, {"", "d1"}, 2);
}

TEST_P(WalkTest, Row078_EmptyNameOnlyComesFirst) {
  EXPECT_EQ(c_.WalkStat(root_, {"d1", ""}).error, EINVAL);
}

TEST_P(WalkTest, Row079_WalkStatFromAFileIsEnotdir) {
  const FdId f = To({"f"});
  EXPECT_EQ(c_.WalkStat(f, {"x"}).error, ENOTDIR);
  EXPECT_EQ(c_.WalkStat(f, {"", "x"}).error, ENOTDIR);
}

TEST_P(WalkTest, Row080_WalkStatStopsAtAMissingComponent) {
  ExpectWalkStat(root_, {"d1", "d2", "zz", "y"}, 2);
}

TEST_P(WalkTest, Row081_WalkStatStopsAfterASymlink) {
  const auto walked = c_.WalkStat(root_, {"ln", "d2"});
  ASSERT_EQ(walked->stats.size(), 1u);
  EXPECT_EQ(walked->stats[0].mode & S_IFMT, S_IFLNK);
}

TEST_P(WalkTest, Row082_WalkStatThroughAFileIsEnotdir) {
  EXPECT_EQ(c_.WalkStat(root_, {"f", "x"}).error, ENOTDIR);
}

TEST_P(WalkTest, Row083_OneIdentityEverywhere) {
  const auto walked = c_.Walk(root_, {"f"});
  ASSERT_EQ(walked->inodes.size(), 1u);
  const wire::Statx stat = walked->inodes[0].stat;
  const auto fstat = c_.FStat(walked->inodes[0].control_fd);
  const auto walk_stat = c_.WalkStat(root_, {"f"});
  ASSERT_EQ(walk_stat->stats.size(), 1u);
  const FdId directory = c_.OpenAt(root_, O_RDONLY)->open_fd;
  const auto entries = c_.Getdents64(directory, -65536);
  wire::Dirent64 entry;
  for (const wire::Dirent64 dirent : entries->dirents) {
    if (dirent.name == "f") entry = dirent;
  }
  for (const wire::Statx& other : {fstat.value, walk_stat->stats[0]}) {
    EXPECT_EQ(other.ino, stat.ino);
    EXPECT_EQ(other.dev_major, stat.dev_major);
    EXPECT_EQ(other.dev_minor, stat.dev_minor);
  }
  EXPECT_EQ(entry.ino, stat.ino);
  EXPECT_EQ(entry.dev_major, stat.dev_major);
  EXPECT_EQ(entry.dev_minor, stat.dev_minor);
}

TEST_P(WalkTest, Row084_TooManyComponentsAreEio) {
  const Names walk(14'000, "x");
  EXPECT_EQ(c_.Walk(root_, walk).error, EIO);
  const Names walk_stat(14'600, "x");
  EXPECT_EQ(c_.WalkStat(root_, walk_stat).error, EIO);
  // The most that fit.
  EXPECT_EQ(c_.Walk(root_, Names(13'769, "x")).error, 0);
  EXPECT_EQ(c_.WalkStat(root_, Names(14'534, "x")).error, 0);
}

INSTANTIATE_TEST_SUITE_P(All, WalkTest, testing::ValuesIn(AllSettings()),
                         NameOfSetting);

}  // namespace
}  // namespace gofer::test
