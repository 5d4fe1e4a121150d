#include "server/base/safe_name.h"

#include <gtest/gtest.h>

#include <string>

namespace gofer::base {
namespace {

TEST(SafeNameTest, AcceptsOrdinaryNames) {
  for (const char* const name :
       {"a", "...", ".hidden", "..a", "a..", " ", "\n", "\xff\xfe", "-rf"}) {
    EXPECT_TRUE(IsSafeName(name)) << name;
  }
  // Length is the file system's business.
  EXPECT_TRUE(IsSafeName(std::string(70'000, 'x')));
}

TEST(SafeNameTest, RefusesNamesThatLeaveTheDirectory) {
  for (const char* const name :
       {"", ".", "..", "/", "a/b", "/a", "a/", "../a"}) {
    EXPECT_FALSE(IsSafeName(name)) << name;
  }
}

TEST(SafeNameTest, RefusesNulThatWouldHideTheRest) {
  EXPECT_FALSE(IsSafeName(absl::string_view("..\0x", 4)));
  EXPECT_FALSE(IsSafeName(absl::string_view("\0", 1)));
  EXPECT_FALSE(IsSafeName(absl::string_view("a\0", 2)));
  EXPECT_FALSE(HasNoNul(absl::string_view("a\0b", 3)));
  EXPECT_TRUE(HasNoNul("a/../b"));
  EXPECT_TRUE(HasNoNul(""));
}

}  // namespace
}  // namespace gofer::base
