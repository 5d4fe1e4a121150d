#include "server/worker/fd_shares.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace gofer::worker {
namespace {

TEST(FdSharesTest, OneConnectionMayUseWhatManyLeave) {
  const FdShares shares = FdShares::Of(20'000, 17, 68);
  EXPECT_EQ(shares.assured, 64u);
  EXPECT_EQ(shares.pooled, 20'000u - 64 - 17 * 16 - 68 - 17 * 64);
  EXPECT_EQ(shares.channels, 68u);
}

TEST(FdSharesTest, ClientsLeaveSomeToTheProcess) {
  for (const uint32_t max_fds : {64u, 100u, 1024u, 65'536u, 1u << 30}) {
    for (const uint32_t connections : {0u, 1u, 64u, 1024u, 65'536u}) {
      const FdShares shares = FdShares::Of(max_fds, connections, 8192);
      const uint64_t all =
          uint64_t{shares.assured} * std::max(connections, 1u) + shares.pooled;
      EXPECT_LE(all + shares.channels, max_fds - 24)
          << max_fds << " " << connections;
      EXPECT_GE(all + 1, max_fds / 2) << max_fds << " " << connections;
    }
  }
}

TEST(FdSharesTest, ChannelsCannotUseUpWhatControlNeeds) {
  const FdShares shares = FdShares::Of(256, 64, 128);
  EXPECT_EQ(shares.pooled + 64 * shares.assured, 128u);
  EXPECT_EQ(shares.channels, 32u);
}

TEST(FdSharesTest, ManyConnectionsAreAssuredOfLess) {
  EXPECT_EQ(FdShares::Of(65'536, 1024, 2048).assured, 22u);
  EXPECT_EQ(FdShares::Of(64, 1024, 2048).assured, 0u);
  EXPECT_EQ(FdShares::Of(64, 1024, 2048).pooled, 32u);
}

}  // namespace
}  // namespace gofer::worker
