#include "server/base/small_mutex.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <atomic>
#include <thread>
#include <vector>

#include "server/base/shared_mutex.h"

namespace gofer::base {
namespace {

TEST(SmallMutexTest, IsSmall) {
  EXPECT_EQ(sizeof(SmallMutex), 4u);
  // Each node of a tree has one.
  EXPECT_LE(sizeof(SharedMutex), 32u);
}

TEST(SmallMutexTest, LetsOneThreadInAtATime) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 20'000;
  SmallMutex mu;
  int counter = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < kRounds; ++round) {
        const SmallMutexLock lock(mu);
        const int before = counter;
        // Others find it held for long, and sleep.
        if (round % 1000 == 0) ::sched_yield();
        counter = before + 1;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counter, kThreads * kRounds);
}

TEST(SmallMutexTest, WakesASleeper) {
  SmallMutex mu;
  std::atomic<bool> started = false;
  std::atomic<bool> entered = false;
  mu.Lock();
  std::thread sleeper([&] {
    started = true;
    const SmallMutexLock lock(mu);
    entered = true;
  });
  while (!started) ::sched_yield();
  // Long enough for it to give up the core.
  for (int i = 0; i < 100; ++i) ::sched_yield();
  EXPECT_FALSE(entered);
  mu.Unlock();
  sleeper.join();
  EXPECT_TRUE(entered);
}

}  // namespace
}  // namespace gofer::base
