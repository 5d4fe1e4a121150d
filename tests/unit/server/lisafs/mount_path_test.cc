#include "server/lisafs/mount_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gofer::lisafs {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(MountPathTest, CleansLexically) {
  const struct {
    const char* path;
    const char* clean;
  } kCases[] = {
      {"/", "/"},          {"//", "/"},           {"/a", "/a"},
      {"/a/", "/a"},       {"//a///b//", "/a/b"}, {"/./a/./b/.", "/a/b"},
      {"/a/../b", "/b"},   {"/..", "/"},          {"/../../a", "/a"},
      {"/a/b/../..", "/"}, {"/...", "/..."},      {"/a/..b", "/a/..b"},
  };
  for (const auto& test : kCases) {
    const auto clean = CleanMountPath(test.path);
    ASSERT_TRUE(clean.ok()) << test.path;
    EXPECT_EQ(*clean, test.clean) << test.path;
  }
}

TEST(MountPathTest, RefusesRelativePathsAndNul) {
  for (const absl::string_view path :
       {absl::string_view(""), absl::string_view("a"), absl::string_view("./a"),
        absl::string_view("../a"), absl::string_view("/a\0b", 4)}) {
    const auto clean = CleanMountPath(path);
    ASSERT_FALSE(clean.ok()) << path;
    EXPECT_EQ(clean.error().number(), EINVAL);
  }
}

TEST(MountPathTest, SplitsIntoComponents) {
  EXPECT_THAT(PathComponents("/"), IsEmpty());
  EXPECT_THAT(PathComponents("/a/bc"), ElementsAre("a", "bc"));
}

}  // namespace
}  // namespace gofer::lisafs
