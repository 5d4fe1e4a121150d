#include "server/lisafs/quota.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <utility>
#include <vector>

namespace gofer::lisafs {
namespace {

TEST(QuotaTest, SlotsComeBack) {
  auto quota = base::MakeRef<Quota>(2u);
  QuotaSlot first = QuotaSlot::Take(*quota);
  {
    QuotaSlot second = QuotaSlot::Take(*quota);
    EXPECT_TRUE(first && second);
    EXPECT_FALSE(QuotaSlot::Take(*quota));
    EXPECT_EQ(quota->in_use(), 2u);
  }
  EXPECT_EQ(quota->in_use(), 1u);
  EXPECT_TRUE(QuotaSlot::Take(*quota));
}

TEST(QuotaTest, MovingMovesTheSlot) {
  auto quota = base::MakeRef<Quota>(5u);
  QuotaSlot first = QuotaSlot::Take(*quota);
  QuotaSlot second = std::move(first);
  EXPECT_FALSE(first);
  EXPECT_EQ(quota->in_use(), 1u);
  QuotaSlot third = QuotaSlot::Take(*quota);
  third = std::move(second);
  EXPECT_EQ(quota->in_use(), 1u);
}

TEST(QuotaTest, SlotKeepsTheQuotaAlive) {
  auto quota = base::MakeRef<Quota>(1u);
  QuotaSlot slot = QuotaSlot::Take(*quota);
  quota.reset();
  EXPECT_TRUE(slot);
}

TEST(QuotaTest, LimitOfZeroAllowsNothing) {
  auto quota = base::MakeRef<Quota>(0u);
  EXPECT_FALSE(QuotaSlot::Take(*quota));
}

TEST(QuotaTest, SharesAPool) {
  auto pool = base::MakeRef<Quota>(2u);
  auto one = base::MakeRef<Quota>(5u, pool);
  auto other = base::MakeRef<Quota>(5u, pool);
  QuotaSlot first = QuotaSlot::Take(*one);
  QuotaSlot second = QuotaSlot::Take(*other);
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(QuotaSlot::Take(*one));
  EXPECT_EQ(one->in_use(), 1u);
  second = QuotaSlot();
  EXPECT_TRUE(QuotaSlot::Take(*one));
  pool->SetLimit(1);
  EXPECT_FALSE(QuotaSlot::Take(*one));
  EXPECT_EQ(pool->in_use(), 1u);
}

TEST(QuotaTest, ThreadsNeverExceedIt) {
  auto quota = base::MakeRef<Quota>(3u);
  std::atomic<int> taken = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5'000; ++i) {
        QuotaSlot slot = QuotaSlot::Take(*quota);
        if (!slot) continue;
        EXPECT_LE(++taken, 3);
        --taken;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(quota->in_use(), 0u);
}

}  // namespace
}  // namespace gofer::lisafs
