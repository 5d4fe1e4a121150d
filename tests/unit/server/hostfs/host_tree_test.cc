#include "server/hostfs/host_tree.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <string>

#include "gtest/gtest.h"
#include "tests/unit/server/hostfs/temp_directory.h"

namespace gofer::hostfs {

// Reaches the way that kernels without openat2 take.
class HostTreePeer {
 public:
  static base::ErrnoOr<base::UniqueFd> WalkPath(const HostTree& tree,
                                                absl::string_view relative) {
    return tree.WalkPath(relative);
  }
};

namespace {

enum class Way { kOpenat2, kComponents };

class HostTreeTest : public testing::TestWithParam<Way> {
 protected:
  HostTreeTest() {
    outside_.MakeFile("secret", "x");
    directory_.MakeDirectory("root");
    directory_.MakeFile("above", "x");
    directory_.MakeDirectory("root/d");
    directory_.MakeFile("root/d/f", "text");
    tree_ = *HostTree::Open(directory_.Path("root").c_str());
  }

  base::ErrnoOr<base::UniqueFd> Open(const std::string& path) {
    if (GetParam() == Way::kOpenat2) return tree_->OpenPath(path);
    return HostTreePeer::WalkPath(*tree_, path.substr(1));
  }
  ino_t InodeOf(int fd) {
    struct stat stat = {};
    EXPECT_EQ(::fstat(fd, &stat), 0);
    return stat.st_ino;
  }

  const TempDirectory outside_;
  const TempDirectory directory_;
  std::shared_ptr<HostTree> tree_;
};

TEST_P(HostTreeTest, OpensRootDirectoryAndFile) {
  for (const std::string path : {"", "/d", "/d/f"}) {
    const auto fd = Open(path.empty() ? "/" : path);
    ASSERT_TRUE(fd.ok()) << path;
    EXPECT_EQ(InodeOf(fd->get()), directory_.Stat("root" + path).st_ino);
  }
}

TEST_P(HostTreeTest, MissingFileIsEnoent) {
  const auto fd = Open("/d/none");
  ASSERT_FALSE(fd.ok());
  EXPECT_EQ(fd.error(), base::Errno(ENOENT));
}

TEST_P(HostTreeTest, LastComponentThatIsASymlinkIsOpenedItself) {
  directory_.MakeSymlink("root/ln", outside_.Path("secret"));
  const auto fd = Open("/ln");
  ASSERT_TRUE(fd.ok());
  EXPECT_EQ(InodeOf(fd->get()), directory_.Stat("root/ln").st_ino);
}

TEST_P(HostTreeTest, AbsoluteSymlinkOnTheWayDoesNotLeadOut) {
  directory_.MakeSymlink("root/out", outside_.path());
  EXPECT_FALSE(Open("/out/secret").ok());
}

TEST_P(HostTreeTest, RelativeSymlinkOnTheWayDoesNotLeadOut) {
  directory_.MakeSymlink("root/d/up", "../..");
  EXPECT_FALSE(Open("/d/up/above").ok());
}

TEST_P(HostTreeTest, SymlinkWithinTheTreeIsNotFollowedEither) {
  directory_.MakeSymlink("root/in", "d");
  EXPECT_FALSE(Open("/in/f").ok());
}

TEST_P(HostTreeTest, DotDotDoesNotLeadOut) {
  EXPECT_FALSE(Open("/../above").ok());
  EXPECT_FALSE(Open("/d/../../above").ok());
}

TEST_P(HostTreeTest, MagicLinkIsNotFollowed) {
  const auto proc = HostTree::Open("/proc");
  ASSERT_TRUE(proc.ok());
  EXPECT_FALSE((*proc)->OpenPath("/self/root/etc").ok());
  EXPECT_FALSE(HostTreePeer::WalkPath(**proc, "self/root/etc").ok());
}

TEST_P(HostTreeTest, NameWithNulIsRefused) {
  const auto fd = Open(std::string("/d\0/f", 5));
  ASSERT_FALSE(fd.ok());
  EXPECT_EQ(fd.error(), base::Errno(EINVAL));
}

INSTANTIATE_TEST_SUITE_P(Ways, HostTreeTest,
                         testing::Values(Way::kOpenat2, Way::kComponents),
                         [](const auto& way) {
                           return way.param == Way::kOpenat2 ? "Openat2"
                                                             : "Components";
                         });

TEST(HostTreeOpenTest, RootMustBeADirectory) {
  const TempDirectory directory;
  directory.MakeFile("f");
  const auto tree = HostTree::Open(directory.Path("f").c_str());
  ASSERT_FALSE(tree.ok());
  EXPECT_EQ(tree.error(), base::Errno(ENOTDIR));
}

TEST(HostTreeOpenTest, WorksWithoutMountInfo) {
  const TempDirectory directory;
  const HostTree tree({.root = directory.Open("", O_PATH),
                       .proc_self_fd = *ProcSelfFd::OpenDirectory(),
                       .mount_info = {}});
  EXPECT_EQ(tree.mounts(), nullptr);
  EXPECT_TRUE(tree.OpenPath("/").ok());
}

}  // namespace
}  // namespace gofer::hostfs
