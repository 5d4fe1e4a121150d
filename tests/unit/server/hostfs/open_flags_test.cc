#include "server/hostfs/open_flags.h"

#include "gtest/gtest.h"

namespace gofer::hostfs {
namespace {

TEST(OpenFlagsTest, KeepsOnlyAccessModeAndTruncate) {
  const uint32_t all = O_RDWR | O_TRUNC | O_APPEND | O_CREAT | O_EXCL |
                       O_DIRECT | O_PATH | O_NONBLOCK | O_TMPFILE | O_SYNC;
  EXPECT_EQ(ReopenFlags(all),
            O_RDWR | O_TRUNC | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

TEST(OpenFlagsTest, CreatesExclusivelyAndFollowsNothing) {
  EXPECT_EQ(CreateFlags(O_WRONLY | O_TRUNC | O_APPEND),
            O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

TEST(OpenFlagsTest, ModeHasNoTypeBits) {
  EXPECT_EQ(PermissionBits(S_IFDIR | 04755), mode_t{04755});
  EXPECT_EQ(PermissionBits(0xFFFFFFFF), mode_t{07777});
}

}  // namespace
}  // namespace gofer::hostfs
