#include "controlplane/service/executor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>

namespace goferd::service {
namespace {

TEST(ExecutorTest, RefusesWorkWithoutRoomForIt) {
  Executor executor(1, 1);
  std::promise<void> started;
  std::promise<void> go;
  auto may_go = go.get_future().share();
  ASSERT_TRUE(executor
                  .Post([&started, may_go] {
                    started.set_value();
                    may_go.wait();
                  })
                  .ok());
  started.get_future().wait();
  EXPECT_TRUE(executor.Post([] {}).ok());
  EXPECT_EQ(executor.Post([] {}).code(), absl::StatusCode::kResourceExhausted);
  go.set_value();
}

TEST(ExecutorTest, StopWaitsForTheWorkThatWasTaken) {
  std::atomic<int> done = 0;
  Executor executor(4, 100);
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(executor.Post([&done] { ++done; }).ok());
  }
  executor.Stop();
  EXPECT_EQ(done, 50);
  EXPECT_EQ(executor.Post([] {}).code(), absl::StatusCode::kUnavailable);
}

TEST(ExecutorTest, WaitIdleWaitsForRunningWork) {
  Executor executor(1, 10);
  const auto now = [] { return std::chrono::steady_clock::now(); };
  EXPECT_TRUE(executor.WaitIdle(now()));
  std::promise<void> go;
  auto may_go = go.get_future().share();
  std::atomic<int> done = 0;
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(executor
                    .Post([&done, may_go] {
                      may_go.wait();
                      ++done;
                    })
                    .ok());
  }
  EXPECT_FALSE(executor.WaitIdle(now() + std::chrono::milliseconds(10)));
  go.set_value();
  EXPECT_TRUE(executor.WaitIdle(now() + std::chrono::seconds(30)));
  EXPECT_EQ(done, 2);
}

TEST(ExecutorTest, WorkRunsAtOnceOnSeveralThreads) {
  Executor executor(2, 10);
  std::promise<void> first;
  std::promise<void> second;
  std::atomic<int> met = 0;
  // Each task waits for the other: on one thread they would never end.
  ASSERT_TRUE(executor
                  .Post([&] {
                    first.set_value();
                    second.get_future().wait();
                    ++met;
                  })
                  .ok());
  ASSERT_TRUE(executor
                  .Post([&] {
                    second.set_value();
                    first.get_future().wait();
                    ++met;
                  })
                  .ok());
  executor.Stop();
  EXPECT_EQ(met, 2);
}

TEST(ExecutorTest, PeriodicWorkLeavesThreadsForOtherWork) {
  Executor executor(8, 100);
  std::promise<void> go;
  auto may_go = go.get_future().share();
  std::atomic<int> running = 0;
  std::atomic<int> done = 0;
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(executor
                    .Post(
                        [&, may_go] {
                          EXPECT_LE(++running, 2);
                          may_go.wait();
                          --running;
                          ++done;
                        },
                        Executor::Share::kPart)
                    .ok());
  }
  // All other tasks run together, although the periodic ones came first.
  std::atomic<int> met = 0;
  std::promise<void> all_met;
  for (int i = 0; i < 6; ++i) {
    ASSERT_TRUE(executor
                    .Post([&, may_go] {
                      if (++met == 6) all_met.set_value();
                      may_go.wait();
                    })
                    .ok());
  }
  EXPECT_EQ(all_met.get_future().wait_for(std::chrono::seconds(30)),
            std::future_status::ready);
  EXPECT_EQ(done, 0);
  EXPECT_FALSE(executor.WaitIdle(std::chrono::steady_clock::now()));
  go.set_value();
  executor.Stop();
  EXPECT_EQ(done, 20);
}

}  // namespace
}  // namespace goferd::service
