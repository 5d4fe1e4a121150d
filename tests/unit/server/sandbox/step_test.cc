#include "server/sandbox/step.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace gofer::sandbox {
namespace {

// Supervisors read them as exit codes.
TEST(StepTest, NumbersNeverChange) {
  EXPECT_EQ(static_cast<int>(Step::kMountNamespace), 0);
  EXPECT_EQ(static_cast<int>(Step::kPropagation), 1);
  EXPECT_EQ(static_cast<int>(Step::kProcSelfFd), 2);
  EXPECT_EQ(static_cast<int>(Step::kBindRoot), 3);
  EXPECT_EQ(static_cast<int>(Step::kStage), 4);
  EXPECT_EQ(static_cast<int>(Step::kHideProc), 5);
  EXPECT_EQ(static_cast<int>(Step::kBindMount), 6);
  EXPECT_EQ(static_cast<int>(Step::kMakeDirectory), 7);
  EXPECT_EQ(static_cast<int>(Step::kReadonlyRoot), 8);
  EXPECT_EQ(static_cast<int>(Step::kPivotRoot), 9);
  EXPECT_EQ(static_cast<int>(Step::kFdLimit), 10);
  EXPECT_EQ(static_cast<int>(Step::kNoNewPrivileges), 11);
  EXPECT_EQ(static_cast<int>(Step::kCapabilities), 12);
  EXPECT_EQ(static_cast<int>(Step::kLandlock), 13);
  EXPECT_EQ(static_cast<int>(Step::kSyscallFilter), 14);
  EXPECT_EQ(static_cast<int>(Step::kIdMap), 15);
  EXPECT_EQ(static_cast<int>(Step::kTreeReady), 16);
  EXPECT_EQ(static_cast<int>(Step::kNamespaces), 17);
}

TEST(StepErrorTest, IsOneLine) {
  const StepError error{Step::kBindMount, "/a\nb\x1b[31m on /d\xc3\xa9",
                        base::Errno(ENOENT)};
  EXPECT_EQ(error.Text(),
            "bind-mount: /a\\nb\\x1b[31m on /d\xc3\xa9: "
            "No such file or directory");
}

TEST(StepErrorTest, IsOneLineWithoutAnObject) {
  const StepError error{Step::kLandlock, "", base::Errno(EPERM)};
  EXPECT_EQ(error.Text(), "landlock: Operation not permitted");
}

}  // namespace
}  // namespace gofer::sandbox
