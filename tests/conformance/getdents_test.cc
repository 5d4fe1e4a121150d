// Rows 151 to 156 of rows.md: Getdents64.

#include <dirent.h>
#include <fcntl.h>

#include <map>
#include <set>

#include "tests/conformance/conformance_test.h"

namespace gofer::test {
namespace {

class GetdentsTest : public ConformanceTest {
 protected:
  void MakeFiles(int count, const std::string& prefix = "") {
    tree().MakeDirectory("/scratch/dir");
    for (int i = 0; i < count; ++i) {
      tree().MakeFile("/scratch/dir/" + prefix + std::to_string(i), "");
    }
  }
  FdId OpenDir() { return Opened({"dir"}, O_RDONLY); }
};

TEST_P(GetdentsTest, Row151_OneEntryPerCall) {
  MakeFiles(10);
  const FdId dir = OpenDir();
  std::set<std::string> names;
  const wire::Statx stat = c_.FStat(dir).value;
  for (int i = 0; i < 10; ++i) {
    const auto entries = c_.Getdents64(dir, 40);
    ASSERT_EQ(entries.error, 0);
    ASSERT_EQ(entries->dirents.size(), 1u);
    const wire::Dirent64 entry = *entries->dirents.begin();
    const std::string name(entry.name);
    EXPECT_EQ(entry.ino, tree().Look("/scratch/dir/" + name)->ino);
    EXPECT_EQ(entry.type, DT_REG);
    EXPECT_EQ(entry.dev_major, stat.dev_major);
    EXPECT_EQ(entry.dev_minor, stat.dev_minor);
    names.insert(name);
  }
  EXPECT_EQ(names.size(), 10u);
  EXPECT_EQ(c_.Getdents64(dir, 40)->dirents.size(), 0u);
}

TEST_P(GetdentsTest, Row151_EntriesHaveTheirTypes) {
  const auto entries = c_.Getdents64(c_.OpenAt(root_, 0)->open_fd, -65536);
  std::map<std::string, int> types;
  for (const wire::Dirent64 entry : entries->dirents) {
    types[std::string(entry.name)] = entry.type;
  }
  EXPECT_EQ(
      types,
      (std::map<std::string, int>{
          {"d1", DT_DIR}, {"f", DT_REG}, {"fifo", DT_FIFO}, {"ln", DT_LNK}}));
}

TEST_P(GetdentsTest, Row152_NegativeCountRestarts) {
  MakeFiles(3);
  const FdId dir = OpenDir();
  const auto first = c_.Getdents64(dir, 40);
  ASSERT_EQ(c_.Getdents64(dir, 40)->dirents.size(), 1u);
  const auto again = c_.Getdents64(dir, -40);
  ASSERT_EQ(again->dirents.size(), 1u);
  EXPECT_EQ(*again->dirents.begin(), *first->dirents.begin());
}

TEST_P(GetdentsTest, Row153_CountTooSmallForAnythingGivesNothing) {
  MakeFiles(3);
  const FdId dir = OpenDir();
  for (const int32_t count : {0, 23}) {
    const auto entries = c_.Getdents64(dir, count);
    EXPECT_EQ(entries.error, 0);
    EXPECT_EQ(entries->dirents.size(), 0u);
  }
  EXPECT_EQ(c_.Getdents64(dir, 1000)->dirents.size(), 3u);
}

TEST_P(GetdentsTest, Row154_SmallestCountIsEverything) {
  MakeFiles(20);
  const auto entries = c_.Getdents64(OpenDir(), INT32_MIN);
  EXPECT_EQ(entries.error, 0);
  EXPECT_EQ(entries->dirents.size(), 20u);
}

TEST_P(GetdentsTest, Row155_OnlyOpenDirectoriesAreListed) {
  EXPECT_EQ(c_.Getdents64(root_, 100).error, EINVAL);
  EXPECT_EQ(c_.Getdents64(Opened({"f"}, O_RDONLY), 100).error, ENOTDIR);
  EXPECT_EQ(c_.Getdents64(kUnknown, 100).error, EBADF);
}

TEST_P(GetdentsTest, Row156_MoreThanFitsInAMessageComesInPortions) {
  constexpr int kFiles = 9'500;
  MakeFiles(kFiles, std::string(240, 'x'));
  const FdId dir = OpenDir();
  std::set<std::string> names;
  int32_t count = -0x7FFFFFFF;
  while (true) {
    const auto entries = c_.Getdents64(dir, count);
    ASSERT_EQ(entries.error, 0);
    ASSERT_LE(entries.payload.size(), wire::kMaxMessageSize);
    if (entries->dirents.empty()) break;
    for (const wire::Dirent64 entry : entries->dirents) {
      EXPECT_TRUE(names.insert(std::string(entry.name)).second);
    }
    count = 0x7FFFFFFF;
  }
  EXPECT_EQ(names.size(), size_t{kFiles});
}

INSTANTIATE_TEST_SUITE_P(All, GetdentsTest, testing::ValuesIn(AllSettings()),
                         NameOfSetting);

}  // namespace
}  // namespace gofer::test
