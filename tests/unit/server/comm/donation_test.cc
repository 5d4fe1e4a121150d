#include "server/comm/donation.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include "server/base/unique_fd.h"

namespace gofer::comm {
namespace {

TEST(DonationTest, SetsNonBlockOnTheOpenFileAndKeepsTheRest) {
  const base::UniqueFd file(::memfd_create("file", 0));
  const auto copy = base::DupFd(file.get());
  ASSERT_TRUE(copy.ok());
  PrepareDonation(copy->get());
  EXPECT_EQ(::fcntl(file.get(), F_GETFL) & (O_NONBLOCK | O_ACCMODE),
            O_NONBLOCK | O_RDWR);
}

TEST(DonationTest, PathDescriptorIsLeftAlone) {
  const base::UniqueFd path(::open("/", O_PATH | O_CLOEXEC));
  const int before = ::fcntl(path.get(), F_GETFL);
  PrepareDonation(path.get());
  EXPECT_EQ(::fcntl(path.get(), F_GETFL), before);
}

}  // namespace
}  // namespace gofer::comm
