#include "server/glob/glob.h"

#include <gtest/gtest.h>

#include <string>

namespace gofer::glob {
namespace {

bool Match(absl::string_view pattern, absl::string_view path) {
  const auto glob = Glob::Compile(pattern);
  EXPECT_TRUE(glob.ok()) << std::string(pattern);
  return glob.ok() && glob->Matches(path);
}

TEST(GlobTest, PlainTextMatchesTheWholePathOnly) {
  EXPECT_TRUE(Match("/a/b", "/a/b"));
  EXPECT_FALSE(Match("/a/b", "/a/bc"));
  EXPECT_FALSE(Match("/a/b", "/a"));
  EXPECT_FALSE(Match("/a/b", ""));
  EXPECT_TRUE(Match("a/b", "/a/b"));
}

TEST(GlobTest, StarAndQuestionMarkStayWithinAComponent) {
  EXPECT_TRUE(Match("/a/*", "/a/bcd"));
  EXPECT_TRUE(Match("/a/*", "/a/"));
  EXPECT_FALSE(Match("/a/*", "/a/b/c"));
  EXPECT_TRUE(Match("/*.log", "/x.log"));
  EXPECT_FALSE(Match("/*.log", "/d/x.log"));
  EXPECT_TRUE(Match("/a?c", "/abc"));
  EXPECT_FALSE(Match("/a?c", "/a/c"));
  EXPECT_FALSE(Match("/a?c", "/ac"));
  EXPECT_TRUE(Match("/*a*b*", "/xaybz"));
  EXPECT_FALSE(Match("/*a*b*", "/xbya"));
}

TEST(GlobTest, TwoStarsCrossComponents) {
  EXPECT_TRUE(Match("**", "/"));
  EXPECT_TRUE(Match("**", "/a/b/c"));
  EXPECT_TRUE(Match("/a/**", "/a/b/c"));
  EXPECT_FALSE(Match("/a/**", "/a"));
  EXPECT_FALSE(Match("/a/**", "/ab/c"));
  EXPECT_TRUE(Match("/a**", "/ab/c"));
  EXPECT_TRUE(Match("/a/**/z", "/a/b/c/z"));
  EXPECT_TRUE(Match("/a/**/z", "/a/z"));
  EXPECT_FALSE(Match("/a/**/z", "/az"));
  EXPECT_FALSE(Match("/a/**/z", "/a/bz"));
  EXPECT_TRUE(Match("**/z", "/z"));
  EXPECT_TRUE(Match("**/z", "/a/b/z"));
  EXPECT_FALSE(Match("**/z", "/az"));
  EXPECT_TRUE(Match("/**/a/**/b", "/a/b"));
}

TEST(GlobTest, SetMatchesOneOfItsBytesAndNoSlash) {
  EXPECT_TRUE(Match("/[abc]", "/b"));
  EXPECT_FALSE(Match("/[abc]", "/d"));
  EXPECT_TRUE(Match("/[a-c0-9]x", "/7x"));
  EXPECT_FALSE(Match("/[a-c]", "/-"));
  EXPECT_TRUE(Match("/[!a-c]", "/d"));
  EXPECT_FALSE(Match("/[!a-c]", "/a"));
  EXPECT_TRUE(Match("/[]a]", "/]"));
  EXPECT_TRUE(Match("/[a-]", "/-"));
  EXPECT_TRUE(Match("/[\\]]", "/]"));
  EXPECT_TRUE(Match("/[\x80-\xff]", "/\xc3"));
  EXPECT_FALSE(Match("/a[!b]c", "/a/c"));
}

TEST(GlobTest, EscapedBytesStandForThemselves) {
  EXPECT_TRUE(Match("/\\*", "/*"));
  EXPECT_FALSE(Match("/\\*", "/a"));
  EXPECT_TRUE(Match("/\\[a", "/[a"));
}

TEST(GlobTest, RefusesBadPatterns) {
  for (const char* bad : {"", "/[a", "/[", "/[]", "/a\\", "/[b-a]", "/[a\\"}) {
    EXPECT_EQ(Glob::Compile(bad).error(), base::Errno(EINVAL)) << bad;
  }
  EXPECT_EQ(Glob::Compile(absl::string_view("/a\0b", 4)).error(),
            base::Errno(EINVAL));
  const std::string longest(Glob::kMaxPattern, 'a');
  EXPECT_TRUE(Match(longest, "/" + longest));
  EXPECT_EQ(Glob::Compile(longest + "a").error(), base::Errno(ENAMETOOLONG));
}

TEST(GlobTest, DefaultMatchesTheEmptyTextOnly) {
  EXPECT_TRUE(Glob().Matches(""));
  EXPECT_FALSE(Glob().Matches("/"));
}

// Exponential matchers would not end before the test's timeout.
TEST(GlobAttackTest, RepeatedStarsAgainstNearMissesEnd) {
  std::string stars = "/";
  std::string across = "/";
  std::string dirs = "/";
  for (int i = 0; i < 60; ++i) {
    stars += "*a";
    across += "**a";
    dirs += "**/";
  }
  const std::string near_miss = "/" + std::string(20'000, 'a') + "!";
  EXPECT_FALSE(Match(stars, near_miss));
  EXPECT_FALSE(Match(across + "?*!x", near_miss));
  std::string slashes;
  for (int i = 0; i < 10'000; ++i) slashes += "/a";
  EXPECT_FALSE(Match(dirs + "b", slashes));
  EXPECT_TRUE(Match(dirs + "a", slashes));
}

TEST(GlobAttackTest, LongestPatternOfStarsOnlyIsMatchedInTime) {
  EXPECT_TRUE(Match(std::string(Glob::kMaxPattern, '*'), "/a/b"));
  std::string dirs;
  while (dirs.size() + 3 <= Glob::kMaxPattern) dirs += "**/";
  EXPECT_TRUE(Match(dirs, "/a/b/"));
  EXPECT_FALSE(Match(dirs, "/a/b"));
}

}  // namespace
}  // namespace gofer::glob
