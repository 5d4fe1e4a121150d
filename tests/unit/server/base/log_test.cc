#include "server/base/log.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace gofer::base {
namespace {

constexpr uint64_t kForever = uint64_t{1} << 60;

TEST(RateLimitTest, FirstPassesAndTheRestAreCounted) {
  RateLimit limit(kForever);
  uint64_t suppressed = 99;
  EXPECT_TRUE(limit.Allow(&suppressed));
  EXPECT_EQ(suppressed, 0u);
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(limit.Allow(&suppressed));
  EXPECT_EQ(suppressed, 0u);
}

TEST(RateLimitTest, NextAfterTheIntervalTellsHowManyWereSuppressed) {
  // An interval that is over by the time of the next call.
  RateLimit limit(0);
  uint64_t suppressed = 99;
  EXPECT_TRUE(limit.Allow(&suppressed));
  EXPECT_TRUE(limit.Allow(&suppressed));
  EXPECT_EQ(suppressed, 0u);
}

TEST(RateLimitTest, OneThreadOfManyPasses) {
  RateLimit limit(kForever);
  std::atomic<int> passed = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      uint64_t suppressed;
      for (int i = 0; i < 1'000; ++i) {
        if (limit.Allow(&suppressed)) ++passed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(passed, 1);
}

TEST(LogTest, AcceptsLevelsByName) {
  const auto before = Log().level();
  EXPECT_TRUE(SetLogLevel("debug"));
  EXPECT_EQ(Log().level(), LogLevel::kDebug);
  EXPECT_TRUE(SetLogLevel("off"));
  EXPECT_EQ(Log().level(), LogLevel::kOff);
  EXPECT_FALSE(SetLogLevel("loud"));
  EXPECT_EQ(Log().level(), LogLevel::kOff);
  SetLogLevel(before);
}

}  // namespace
}  // namespace gofer::base
