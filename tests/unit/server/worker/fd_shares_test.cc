#include "server/worker/fd_shares.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace gofer::worker {
namespace {

TEST(FdSharesTest, OneConnectionMayUseWhatManyLeave) {
  const FdShares shares = FdShares::Of(20'000, 17);
  EXPECT_EQ(shares.assured, 64u);
  EXPECT_EQ(shares.pooled, 20'000u - 64 - 17 * 20 - 17 * 64);
}

TEST(FdSharesTest, ClientsLeaveSomeToTheProcess) {
  for (const uint32_t max_fds : {64u, 100u, 1024u, 65'536u, 1u << 30}) {
    for (const uint32_t connections : {0u, 1u, 64u, 1024u, 65'536u}) {
      const FdShares shares = FdShares::Of(max_fds, connections);
      const uint64_t all =
          uint64_t{shares.assured} * std::max(connections, 1u) + shares.pooled;
      EXPECT_LE(all, max_fds - 32) << max_fds << " " << connections;
      EXPECT_GE(all + 1, max_fds / 2) << max_fds << " " << connections;
    }
  }
}

TEST(FdSharesTest, ManyConnectionsAreAssuredOfLess) {
  EXPECT_EQ(FdShares::Of(65'536, 1024).assured, 21u);
  EXPECT_EQ(FdShares::Of(64, 1024).assured, 0u);
  EXPECT_EQ(FdShares::Of(64, 1024).pooled, 32u);
}

}  // namespace
}  // namespace gofer::worker
