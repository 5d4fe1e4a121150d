// Rows 85 to 100 of rows.md: OpenAt and OpenCreateAt.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/conformance/conformance_test.h"

namespace gofer::test {
namespace {

constexpr int kLargeFile = 0100000;

class OpenTest : public ConformanceTest {};

TEST_P(OpenTest, Row085_OtherFlagsAreDropped) {
  const auto opened =
      c_.OpenAt(To({"f"}), O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NONBLOCK);
  ASSERT_EQ(opened.error, 0);
  // Not opened for appending.
  EXPECT_EQ(c_.PWrite(opened->open_fd, "J", 0)->count, 1u);
  EXPECT_EQ(tree().Content("/scratch/f"), "Jello world");
}

TEST_P(OpenTest, Row086_AccessMode3IsNeither) {
  const auto opened = c_.OpenAt(To({"f"}), O_ACCMODE);
  ASSERT_EQ(opened.error, 0);
  EXPECT_EQ(c_.PRead(opened->open_fd, 1, 0).error, EBADF);
  EXPECT_EQ(c_.PWrite(opened->open_fd, "x", 0).error, EBADF);
}

TEST_P(OpenTest, Row087_DirectoriesAreReadOnly) {
  EXPECT_EQ(c_.OpenAt(root_, O_WRONLY).error, EISDIR);
  EXPECT_EQ(c_.OpenAt(root_, O_RDWR).error, EISDIR);
  EXPECT_EQ(c_.OpenAt(root_, O_RDONLY | O_TRUNC).error, EISDIR);
}

TEST_P(OpenTest, Row088_SymlinksAreNotOpened) {
  EXPECT_EQ(c_.OpenAt(To({"ln"}), O_RDONLY).error, EINVAL);
}

TEST_P(OpenTest, Row089_OnlyControlFdsAreOpened) {
  EXPECT_EQ(c_.OpenAt(Opened({"f"}, O_RDONLY), O_RDONLY).error, EINVAL);
  EXPECT_EQ(c_.OpenAt(kUnknown, O_RDONLY).error, EBADF);
}

TEST_P(OpenTest, Row090_RegularFileIsDonated) {
  const auto opened = c_.OpenAt(To({"f"}), O_RDONLY);
  ASSERT_EQ(opened.fds.size(), 1u);
  EXPECT_EQ(::fcntl(opened.fds[0].get(), F_GETFL),
            O_RDONLY | O_NONBLOCK | kLargeFile);
}

TEST_P(OpenTest, Row090_NothingIsDonatedWithoutPermission) {
  ClientOptions options = Options();
  options.connection.donation = lisafs::Donation::kNone;
  Session other = NewSession(options);
  const auto opened = other->OpenAt(other->To(other.root, {"f"}), O_RDONLY);
  EXPECT_EQ(opened.error, 0);
  EXPECT_TRUE(opened.fds.empty());
}

TEST_P(OpenTest, Row091_DirectoryIsNotDonated) {
  const auto opened = c_.OpenAt(To({"d1"}), O_RDONLY);
  EXPECT_EQ(opened.error, 0);
  EXPECT_TRUE(opened.fds.empty());
  EXPECT_TRUE(c_.OpenAt(root_, O_RDONLY).fds.empty());
}

TEST_P(OpenTest, Row092_MountPointIsDonatedWithDirectfs) {
  if (!on_host()) GTEST_SKIP() << "directfs needs a directory of the host";
  ClientOptions options = Options();
  options.connection.donation = lisafs::Donation::kFilesAndMountPoint;
  Session other = served_.Connect(options);
  const auto mounted = other->Mount();
  if (mounted.error == EPERM) GTEST_SKIP() << "cloning a mount needs root";
  ASSERT_EQ(mounted.fds.size(), 1u);
  struct stat stat;
  ASSERT_EQ(::fstat(mounted.fds[0].get(), &stat), 0);
  EXPECT_EQ(stat.st_ino, tree().Look("/scratch")->ino);
  const FdId root = mounted->root.control_fd;
  EXPECT_EQ(other->OpenAt(root, O_RDONLY).fds.size(), 1u);
  // Other directories are not.
  EXPECT_TRUE(other->OpenAt(other->To(root, {"d1"}), O_RDONLY).fds.empty());
}

TEST_P(OpenTest, Row093_CharacterDeviceIsOpenedByLevel) {
  if (!tree().MakeDevice("/scratch/null", S_IFCHR | 0666, 1, 3)) {
    GTEST_SKIP() << "making a character device needs root";
  }
  const auto opened = c_.OpenAt(To({"null"}), O_RDWR);
  if (aug2026()) {
    EXPECT_EQ(opened.error, EPERM);
  } else if (opened.error == EACCES) {
    GTEST_SKIP() << "devices do not work here (a nodev mount)";
  } else {
    EXPECT_EQ(opened.error, 0);
    EXPECT_EQ(opened.fds.size(), 1u);
  }
}

TEST_P(OpenTest, Row094_FifoNeedsPermission) {
  ClientOptions options = Options();
  options.policy.open_fifos = false;
  Session other = NewSession(options);
  const FdId fifo = other->To(other.root, {"fifo"});
  EXPECT_EQ(other->OpenAt(fifo, O_RDONLY).error, EPERM);
}

TEST_P(OpenTest, Row095_FifoWithoutWriterDoesNotBlock) {
  const auto opened = c_.OpenAt(To({"fifo"}), O_RDONLY);
  EXPECT_EQ(opened.error, 0);
  EXPECT_EQ(opened.fds.size(), 1u);
}

TEST_P(OpenTest, Row096_SocketHasNothingToOpen) {
  tree().MakeSocket("/scratch/sock");
  EXPECT_EQ(c_.OpenAt(To({"sock"}), O_RDWR).error, ENXIO);
}

TEST_P(OpenTest, Row097_CreationIsExclusive) {
  EXPECT_EQ(c_.OpenCreateAt(root_, "f", O_RDWR).error, EEXIST);
  EXPECT_EQ(c_.OpenCreateAt(root_, "d1", O_RDONLY).error, EEXIST);
  EXPECT_EQ(c_.OpenCreateAt(root_, "ln", O_RDONLY).error, EEXIST);
}

TEST_P(OpenTest, Row098_CreationMakesRegularFiles) {
  const auto made = c_.OpenCreateAt(root_, "new", O_RDWR, S_IFDIR | 0600);
  ASSERT_EQ(made.error, 0);
  EXPECT_EQ(made->child.stat.mode, S_IFREG | 0600);
  // The control FD's id comes first.
  EXPECT_EQ(static_cast<uint64_t>(made->child.control_fd) + 1,
            static_cast<uint64_t>(made->open_fd));
}

TEST_P(OpenTest, Row099_CreationLosesSetIdBits) {
  const auto made = c_.OpenCreateAt(root_, "new", O_RDWR, 06755,
                                    lisafs::Owner{::geteuid(), ::getegid()});
  ASSERT_EQ(made.error, 0);
  EXPECT_EQ(made->child.stat.mode, S_IFREG | 0755);
}

TEST_P(OpenTest, Row100_CreationMayLeaveTheOwnerAlone) {
  const auto made = c_.OpenCreateAt(root_, "new", O_RDWR, 0640,
                                    lisafs::Owner{0xFFFFFFFF, 0xFFFFFFFF});
  EXPECT_EQ(made.error, 0);
  EXPECT_EQ(made->child.stat.mode, S_IFREG | 0640);
}

INSTANTIATE_TEST_SUITE_P(All, OpenTest, testing::ValuesIn(AllSettings()),
                         NameOfSetting);

}  // namespace
}  // namespace gofer::test
