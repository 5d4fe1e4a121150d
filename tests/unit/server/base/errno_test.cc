#include "server/base/errno.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "server/base/syscall.h"

namespace gofer::base {
namespace {

TEST(ErrnoTest, HoldsAPositiveNumber) {
  errno = ENOENT;
  EXPECT_EQ(Errno::Last(), Errno(ENOENT));
  EXPECT_EQ(Errno(ENOENT).number(), 2);
  EXPECT_EQ(Errno(ENOENT).wire(), 2u);
  EXPECT_NE(Errno(ENOENT), Errno(EIO));
}

TEST(ErrnoOrTest, HoldsAValueOrAnError) {
  ErrnoOr<std::string> value = std::string("text");
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(*value, "text");
  EXPECT_EQ(value->size(), 4u);
  const ErrnoOr<std::string> error = Errno(EIO);
  ASSERT_FALSE(error.ok());
  EXPECT_EQ(error.error(), Errno(EIO));
}

TEST(ErrnoOrTest, ConvertsToItsValue) {
  const ErrnoOr<std::string> value = "text";
  EXPECT_EQ(*value, "text");
}

TEST(ErrnoOrTest, MovesWhatCannotBeCopied) {
  ErrnoOr<std::unique_ptr<int>> made = std::make_unique<int>(7);
  const std::unique_ptr<int> taken = *std::move(made);
  EXPECT_EQ(*taken, 7);
}

TEST(ErrnoOrTest, VoidHoldsSuccessOrAnError) {
  const ErrnoOr<void> success;
  EXPECT_TRUE(success.ok());
  const ErrnoOr<void> failure = Errno(EPERM);
  ASSERT_FALSE(failure.ok());
  EXPECT_EQ(failure.error(), Errno(EPERM));
}

TEST(SyscallTest, RetriesAfterSignals) {
  int calls = 0;
  const auto result = Syscall([&] {
    errno = EINTR;
    return ++calls < 3 ? -1 : 42;
  });
  EXPECT_EQ(calls, 3);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(*result, 42);
}

TEST(SyscallTest, OtherFailuresAreErrors) {
  const auto fail = [] {
    errno = EACCES;
    return -1;
  };
  EXPECT_EQ(Syscall(fail).error(), Errno(EACCES));
  EXPECT_EQ(SyscallVoid(fail).error(), Errno(EACCES));
  EXPECT_EQ(SyscallFd(fail).error(), Errno(EACCES));
}

}  // namespace
}  // namespace gofer::base
