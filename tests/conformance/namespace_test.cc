// Rows 129 to 145 of rows.md: what changes the tree.

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>

#include "tests/conformance/conformance_test.h"

namespace gofer::test {
namespace {

class NamespaceTest : public ConformanceTest {
 protected:
  static constexpr absl::string_view kNul{"a\0b", 3};
};

TEST_P(NamespaceTest, Row129_NamesAreTestedBeforeFds) {
  EXPECT_EQ(c_.MkdirAt(kUnknown, "").error, EINVAL);
  EXPECT_EQ(c_.RenameAt(kUnknown, "..", kUnknown, "x").error, EINVAL);
  EXPECT_EQ(c_.RenameAt(kUnknown, "x", kUnknown, "a/b").error, EINVAL);
  EXPECT_EQ(c_.MkdirAt(kUnknown, "x").error, EBADF);
}

TEST_P(NamespaceTest, Row130_FileHasNoEntries) {
  const FdId f = To({"f"});
  EXPECT_EQ(c_.MkdirAt(f, "x").error, ENOTDIR);
  EXPECT_EQ(c_.OpenCreateAt(f, "x").error, ENOTDIR);
  EXPECT_EQ(c_.UnlinkAt(f, "x").error, ENOTDIR);
  EXPECT_EQ(c_.SymlinkAt(f, "x", "y").error, ENOTDIR);
  EXPECT_EQ(c_.LinkAt(f, f, "x").error, ENOTDIR);
}

TEST_P(NamespaceTest, Row131_TakenLongAndNulNamesAreRefused) {
  EXPECT_EQ(c_.MkdirAt(root_, "d1").error, EEXIST);
  EXPECT_EQ(c_.MkdirAt(root_, kLongName).error, ENAMETOOLONG);
  EXPECT_EQ(c_.MkdirAt(root_, kNul).error, EINVAL);
  EXPECT_EQ(c_.MkdirAt(root_, "new", 0751).error, 0);
  EXPECT_EQ(tree().Look("/scratch/new")->mode, S_IFDIR | 0751u);
}

TEST_P(NamespaceTest, Row132_OnlyRegularFilesAreMade) {
  EXPECT_EQ(c_.MknodAt(root_, "x", S_IFIFO | 0600).error, EPERM);
  EXPECT_EQ(c_.MknodAt(root_, "x", 0600).error, EPERM);
  EXPECT_EQ(c_.MknodAt(root_, "x", S_IFBLK | 0600).error, EPERM);
  EXPECT_FALSE(tree().Look("/scratch/x").has_value());
  const auto made = c_.MknodAt(root_, "x", S_IFREG | 0600);
  EXPECT_EQ(made.error, 0);
  EXPECT_EQ(made->child.stat.mode, S_IFREG | 0600);
}

TEST_P(NamespaceTest, Row133_EmptyTargetsAndNulAreRefused) {
  EXPECT_EQ(c_.SymlinkAt(root_, "x", "").error, ENOENT);
  EXPECT_EQ(c_.SymlinkAt(root_, "x", kNul).error, EINVAL);
  EXPECT_EQ(c_.SymlinkAt(root_, kNul, "x").error, EINVAL);
  EXPECT_EQ(c_.SymlinkAt(root_, "x", "../anything//at/./all").error, 0);
}

TEST_P(NamespaceTest, Row134_ReadLinkGivesTheExactTarget) {
  const std::string target = "../anything//at/./all";
  const auto made = c_.SymlinkAt(root_, "x", target);
  ASSERT_EQ(made.error, 0);
  EXPECT_EQ(c_.ReadLinkAt(made->child.control_fd)->target, target);
  EXPECT_EQ(c_.ReadLinkAt(To({"f"})).error, EINVAL);
}

TEST_P(NamespaceTest, Row135_ImpossibleLinksAreRefused) {
  EXPECT_EQ(c_.LinkAt(root_, To({"d1"}), "x").error, EPERM);
  EXPECT_EQ(c_.LinkAt(root_, kUnknown, "x").error, EBADF);
  EXPECT_EQ(c_.LinkAt(root_, To({"f"}), "d1").error, EEXIST);
  EXPECT_EQ(c_.LinkAt(root_, Opened({"f"}, O_RDONLY), "x").error, EINVAL);
}

TEST_P(NamespaceTest, Row136_LinkIsTheSameFile) {
  const FdId f = To({"f"});
  const auto link = c_.LinkAt(To({"d1"}), f, "x");
  ASSERT_EQ(link.error, 0);
  const auto stat = c_.FStat(f);
  EXPECT_EQ(link->child.stat.ino, stat->ino);
  EXPECT_EQ(link->child.stat.dev_major, stat->dev_major);
  EXPECT_EQ(link->child.stat.dev_minor, stat->dev_minor);
  EXPECT_EQ(stat->nlink, 2u);
}

TEST_P(NamespaceTest, Row136_LinkMayLieNextToItsTarget) {
  EXPECT_EQ(c_.LinkAt(root_, To({"f"}), "x").error, 0);
  EXPECT_EQ(c_.LinkAt(root_, To({"ln"}), "y").error, 0);
  EXPECT_EQ(tree().Look("/scratch/y")->mode & S_IFMT, S_IFLNK);
}

TEST_P(NamespaceTest, Row137_RefusedUnlinkChangesNothing) {
  EXPECT_EQ(c_.UnlinkAt(root_, "missing").error, ENOENT);
  EXPECT_EQ(c_.UnlinkAt(root_, "d1").error, EISDIR);
  EXPECT_EQ(c_.UnlinkAt(root_, "f", AT_REMOVEDIR).error, ENOTDIR);
  EXPECT_EQ(c_.UnlinkAt(root_, "d1", AT_REMOVEDIR).error, ENOTEMPTY);
  EXPECT_EQ(c_.UnlinkAt(root_, "f", 1).error, EINVAL);
  // The same with nodes on them.
  const FdId held[] = {To({"d1"}), To({"f"})};
  EXPECT_EQ(c_.UnlinkAt(root_, "d1").error, EISDIR);
  EXPECT_EQ(c_.UnlinkAt(root_, "f", AT_REMOVEDIR).error, ENOTDIR);
  for (const FdId fd : held) EXPECT_EQ(c_.FStat(fd).error, 0);
  EXPECT_EQ(c_.MkdirAt(held[0], "still-alive").error, 0);
}

TEST_P(NamespaceTest, Row138_UnlinkedFileIsGone) {
  EXPECT_EQ(c_.UnlinkAt(root_, "f").error, 0);
  EXPECT_EQ(c_.Walk(root_, {"f"})->inodes.size(), 0u);
  EXPECT_FALSE(tree().Look("/scratch/f").has_value());
}

TEST_P(NamespaceTest, Row139_SameNameRenameDoesNotLook) {
  EXPECT_EQ(c_.RenameAt(root_, "missing", root_, "missing").error, 0);
}

TEST_P(NamespaceTest, Row140_ImpossibleRenamesAreRefused) {
  const FdId d1 = To({"d1"});
  EXPECT_EQ(c_.RenameAt(root_, "missing", d1, "x").error, ENOENT);
  EXPECT_EQ(c_.RenameAt(root_, "d1", To({"f"}), "x").error, ENOTDIR);
  EXPECT_EQ(c_.RenameAt(root_, "d1", To({"d1", "d2"}), "x").error, EINVAL);
  EXPECT_EQ(c_.RenameAt(root_, "d1", kUnknown, "x").error, EBADF);
}

TEST_P(NamespaceTest, Row141_MovedFileIsThere) {
  const FdId f = To({"f"});
  ASSERT_EQ(c_.RenameAt(root_, "f", To({"d1"}), "g").error, 0);
  EXPECT_EQ(c_.WalkStat(root_, {"d1", "g"})->stats.size(), 2u);
  EXPECT_EQ(c_.WalkStat(root_, {"f"})->stats.size(), 0u);
  EXPECT_EQ(c_.FStat(f)->ino, tree().Look("/scratch/d1/g")->ino);
  EXPECT_EQ(c_.OpenAt(f, O_RDWR).error, 0);
}

TEST_P(NamespaceTest, Row142_MountPointMayMoveUnderAConnection) {
  ClientOptions below = Options();
  below.mount_path = "/scratch/d1";
  Session b = NewSession(below);
  const auto before = b->OpenCreateAt(b.root, "before");
  ASSERT_EQ(before.error, 0);
  ASSERT_EQ(c_.RenameAt(root_, "d1", root_, "moved").error, 0);
  EXPECT_EQ(b->MkdirAt(b.root, "dir").error, 0);
  EXPECT_EQ(b->OpenCreateAt(b.root, "file").error, 0);
  EXPECT_EQ(b->LinkAt(b.root, before->child.control_fd, "link").error, 0);
  EXPECT_TRUE(tree().Look("/scratch/moved/dir").has_value());
  EXPECT_TRUE(tree().Look("/scratch/moved/file").has_value());
  EXPECT_TRUE(tree().Look("/scratch/moved/link").has_value());
  EXPECT_EQ(b->Mount().error, ENOENT);
}

TEST_P(NamespaceTest, Row143_ReplacedDirectoryIsDead) {
  const auto a = c_.MkdirAt(root_, "a");
  const auto b = c_.MkdirAt(root_, "b");
  ASSERT_EQ(c_.RenameAt(root_, "a", root_, "b").error, 0);
  EXPECT_EQ(c_.MkdirAt(b->child.control_fd, "x").error, EINVAL);
  EXPECT_EQ(c_.MkdirAt(a->child.control_fd, "x").error, 0);
  EXPECT_TRUE(tree().Look("/scratch/b/x").has_value());
}

TEST_P(NamespaceTest, Row144_NewFileOfAnOldNameIsItsOwn) {
  const auto first = c_.MkdirAt(root_, "a");
  ASSERT_EQ(c_.UnlinkAt(root_, "a", AT_REMOVEDIR).error, 0);
  const auto second = c_.MkdirAt(root_, "a");
  ASSERT_EQ(second.error, 0);
  // The old node's death must leave the new one's entry alone.
  ASSERT_EQ(c_.Close({first->child.control_fd}).error, 0);
  const FdId third = To({"a"});
  ASSERT_EQ(c_.UnlinkAt(root_, "a", AT_REMOVEDIR).error, 0);
  EXPECT_EQ(c_.MkdirAt(second->child.control_fd, "x").error, EINVAL);
  EXPECT_EQ(c_.MkdirAt(third, "x").error, EINVAL);
}

TEST_P(NamespaceTest, Row145_ExchangeDeletesNeither) {
  const auto a = c_.MkdirAt(root_, "a");
  const auto b = c_.MkdirAt(To({"d1"}), "b");
  const auto exchanged =
      c_.RenameAt2(root_, "a", To({"d1"}), "b", RENAME_EXCHANGE);
  if (!aug2026()) {
    EXPECT_EQ(exchanged.error, EOPNOTSUPP);
    return;
  }
  ASSERT_EQ(exchanged.error, 0);
  EXPECT_EQ(c_.MkdirAt(a->child.control_fd, "in-a").error, 0);
  EXPECT_EQ(c_.MkdirAt(b->child.control_fd, "in-b").error, 0);
  EXPECT_TRUE(tree().Look("/scratch/d1/b/in-a").has_value());
  EXPECT_TRUE(tree().Look("/scratch/a/in-b").has_value());
}

TEST_P(NamespaceTest, Row145_RenameFlagsAreThoseOfTheKernel) {
  if (!aug2026()) GTEST_SKIP() << "RenameAt2 came in Aug 2026";
  EXPECT_EQ(c_.RenameAt2(root_, "f", root_, "d1", RENAME_NOREPLACE).error,
            EEXIST);
  EXPECT_EQ(c_.RenameAt2(root_, "f", root_, "x", RENAME_EXCHANGE).error,
            ENOENT);
  EXPECT_EQ(c_.RenameAt2(root_, "f", root_, "x", 0).error, 0);
}

INSTANTIATE_TEST_SUITE_P(All, NamespaceTest, testing::ValuesIn(AllSettings()),
                         NameOfSetting);

}  // namespace
}  // namespace gofer::test
