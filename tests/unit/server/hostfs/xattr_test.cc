#include "server/hostfs/xattr.h"

#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <string>

#include "gtest/gtest.h"
#include "tests/unit/server/hostfs/temp_directory.h"

namespace gofer::hostfs {
namespace {

class XattrTest : public testing::Test {
 protected:
  void SetUp() override {
    directory_.MakeFile("f");
    directory_.MakeSymlink("ln", "f");
    if (::setxattr(directory_.Path("f").c_str(), "user.a", "val", 3, 0) != 0) {
      GTEST_SKIP() << "no user attributes on this file system";
    }
  }
  base::UniqueFd Control(const std::string& name) {
    return directory_.Open(name, O_PATH | O_NOFOLLOW);
  }

  const TempDirectory directory_;
  const ProcSelfFd proc_{*ProcSelfFd::OpenDirectory()};
};

TEST_F(XattrTest, SetsGetsListsAndRemoves) {
  const base::UniqueFd file = Control("f");
  ASSERT_TRUE(SetXattr(proc_, file.get(), "user.b", "other", 0).ok());
  const auto value = GetXattr(proc_, file.get(), "user.b", 0);
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(*value, "other");
  ASSERT_TRUE(RemoveXattr(proc_, file.get(), "user.b").ok());
  const auto names = ListXattr(proc_, file.get(), 0);
  ASSERT_TRUE(names.ok());
  EXPECT_NE(names->find(std::string("user.a\0", 7)), std::string::npos);
  EXPECT_EQ(names->find("user.b"), std::string::npos);
}

TEST_F(XattrTest, WorksOnADeletedFile) {
  const base::UniqueFd file = Control("f");
  ASSERT_EQ(::unlink(directory_.Path("f").c_str()), 0);
  const auto value = GetXattr(proc_, file.get(), "user.a", 64);
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(*value, "val");
}

TEST_F(XattrTest, SymlinkIsNotFollowedToItsTarget) {
  const base::UniqueFd link = Control("ln");
  EXPECT_FALSE(GetXattr(proc_, link.get(), "user.a", 0).ok());
  EXPECT_FALSE(SetXattr(proc_, link.get(), "user.a", "evil", 0).ok());
  EXPECT_FALSE(RemoveXattr(proc_, link.get(), "user.a").ok());
  const auto value = GetXattr(proc_, Control("f").get(), "user.a", 0);
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(*value, "val");
}

TEST_F(XattrTest, ErrorsAreTheKernels) {
  const base::UniqueFd file = Control("f");
  const auto error = [&](absl::string_view name, uint64_t size) {
    const auto value = GetXattr(proc_, file.get(), name, size);
    return value.ok() ? 0 : value.error().number();
  };
  EXPECT_EQ(error("user.none", 0), ENODATA);
  EXPECT_EQ(error("user.a", 2), ERANGE);
  EXPECT_EQ(error("user.a", 3), 0);
  EXPECT_EQ(error("user.a", ~uint64_t{0}), 0);
  EXPECT_EQ(error("user." + std::string(251, 'x'), 0), ERANGE);
  EXPECT_EQ(error(absl::string_view("user.a\0b", 8), 0), EINVAL);
  const auto set = SetXattr(proc_, file.get(), "user.a", "x", XATTR_CREATE);
  ASSERT_FALSE(set.ok());
  EXPECT_EQ(set.error(), base::Errno(EEXIST));
}

}  // namespace
}  // namespace gofer::hostfs
