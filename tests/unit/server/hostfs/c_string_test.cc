#include "server/hostfs/c_string.h"

#include <string>

#include "gtest/gtest.h"

namespace gofer::hostfs {
namespace {

TEST(CStringTest, TerminatesAViewIntoLongerText) {
  const absl::string_view text = "name-and-more";
  const CString name(text.substr(0, 4));
  ASSERT_TRUE(name.ok());
  EXPECT_STREQ(name.get(), "name");
}

TEST(CStringTest, EmptyViewWithoutMemoryIsTheEmptyString) {
  const CString name{absl::string_view()};
  ASSERT_TRUE(name.ok());
  EXPECT_STREQ(name.get(), "");
}

TEST(CStringTest, RefusesNulThatWouldHideTheRest) {
  const CString name(absl::string_view("d1\0x", 4));
  ASSERT_FALSE(name.ok());
  EXPECT_EQ(name.error(), base::Errno(EINVAL));
}

TEST(CStringTest, RefusesWhatDoesNotFit) {
  EXPECT_TRUE(CString(std::string(PATH_MAX - 1, 'x')).ok());
  const CString longer(std::string(PATH_MAX, 'x'));
  ASSERT_FALSE(longer.ok());
  EXPECT_EQ(longer.error(), base::Errno(ENAMETOOLONG));
}

}  // namespace
}  // namespace gofer::hostfs
