#include "controlplane/service/executor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>

namespace goferd::service {
namespace {

TEST(ExecutorTest, RefusesWorkWithoutRoomForIt) {
  Executor executor({.quick_threads = 1, .most_threads = 1, .queued = 1});
  std::promise<void> started;
  std::promise<void> go;
  auto may_go = go.get_future().share();
  ASSERT_TRUE(executor
                  .Post({},
                        [&started, may_go] {
                          started.set_value();
                          may_go.wait();
                        })
                  .ok());
  started.get_future().wait();
  EXPECT_TRUE(executor.Post({}, [] {}).ok());
  EXPECT_EQ(executor.Post({}, [] {}).code(),
            absl::StatusCode::kResourceExhausted);
  go.set_value();
}

TEST(ExecutorTest, StopWaitsForTheWorkThatWasTaken) {
  std::atomic<int> done = 0;
  Executor executor({.quick_threads = 4, .queued = 100});
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(executor.Post({}, [&done] { ++done; }).ok());
  }
  executor.Stop();
  EXPECT_EQ(done, 50);
  EXPECT_EQ(executor.Post({}, [] {}).code(), absl::StatusCode::kUnavailable);
}

TEST(ExecutorTest, WaitIdleWaitsForRunningWork) {
  Executor executor({.quick_threads = 1, .most_threads = 1, .queued = 10});
  const auto now = [] { return std::chrono::steady_clock::now(); };
  EXPECT_TRUE(executor.WaitIdle(now()));
  std::promise<void> go;
  auto may_go = go.get_future().share();
  std::atomic<int> done = 0;
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(executor
                    .Post({},
                          [&done, may_go] {
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
  Executor executor({.quick_threads = 2, .most_threads = 2, .queued = 10});
  std::promise<void> first;
  std::promise<void> second;
  std::atomic<int> met = 0;
  // Each task waits for the other: on one thread they would never end.
  ASSERT_TRUE(executor
                  .Post({},
                        [&] {
                          first.set_value();
                          second.get_future().wait();
                          ++met;
                        })
                  .ok());
  ASSERT_TRUE(executor
                  .Post({},
                        [&] {
                          second.set_value();
                          first.get_future().wait();
                          ++met;
                        })
                  .ok());
  executor.Stop();
  EXPECT_EQ(met, 2);
}

TEST(ExecutorTest, PeriodicWorkLeavesThreadsForOtherWork) {
  Executor executor({.quick_threads = 8, .most_threads = 8, .queued = 100});
  std::promise<void> go;
  auto may_go = go.get_future().share();
  std::atomic<int> running = 0;
  std::atomic<int> done = 0;
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(executor
                    .Post({.is_periodic = true},
                          [&, may_go] {
                            EXPECT_LE(++running, 2);
                            may_go.wait();
                            --running;
                            ++done;
                          })
                    .ok());
  }
  // All other tasks run together, although the periodic ones came first.
  std::atomic<int> met = 0;
  std::promise<void> all_met;
  for (int i = 0; i < 6; ++i) {
    ASSERT_TRUE(executor
                    .Post({.server = std::to_string(i)},
                          [&, may_go] {
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

// Work for servers of which each hangs until the test ends.
class HungServers {
 public:
  ~HungServers() { go_.set_value(); }

  // Posts `each` pieces of work for each of `count` servers, and waits until
  // `awaited` of all of them run.
  void Hang(Executor& executor, int count, int each, int awaited,
            const auth::Caller& caller = {}) {
    auto running = std::make_shared<std::atomic<int>>(0);
    const auto work = [running, go = may_go_] {
      ++*running;
      go.wait();
    };
    for (int i = 0; i < count * each; ++i) {
      const std::string server = "hung" + std::to_string(i % count);
      // What was posted before counts as waiting until it has begun.
      while (!executor.Post({caller, server}, work).ok()) {
        std::this_thread::yield();
      }
    }
    while (*running < awaited) std::this_thread::yield();
  }

 private:
  std::promise<void> go_;
  std::shared_future<void> may_go_ = go_.get_future().share();
};

// Whether work for a server that answers is done while the others hang.
bool Serves(Executor& executor, const auth::Caller& caller = {}) {
  auto done = std::make_shared<std::promise<void>>();
  if (!executor.Post({caller, "healthy"}, [done] { done->set_value(); }).ok()) {
    return false;
  }
  return done->get_future().wait_for(std::chrono::seconds(30)) ==
         std::future_status::ready;
}

TEST(ExecutorTest, ServersThatHangHoldUpNoOther) {
  Executor executor(Executor::Bounds{.quick_threads = 4});
  HungServers hung;
  hung.Hang(executor, 32, 4, 32);
  EXPECT_TRUE(Serves(executor));
}

TEST(ExecutorTest, TheLastThreadsAreForServersThatHaveNone) {
  Executor executor({.quick_threads = 2, .most_threads = 16});
  HungServers hung;
  // With four threads for each of them there would be none left.
  hung.Hang(executor, 8, 4, 8);
  EXPECT_TRUE(Serves(executor));
}

TEST(ExecutorTest, AViewerFillsNoQueueOfAnAdmin) {
  const auth::Caller viewer = {"viewer", auth::Role::ROLE_VIEWER};
  const auth::Caller another = {"another", auth::Role::ROLE_VIEWER};
  const auth::Caller admin = {"admin", auth::Role::ROLE_ADMIN};
  Executor executor({.queued = 8, .queued_of_lane = 4, .queued_of_caller = 4});
  HungServers hung;
  hung.Hang(executor, 2, 4, 8, viewer);
  const auto post = [&executor](const auth::Caller& caller, const char* server,
                                int count) {
    int taken = 0;
    for (int i = 0; i < count; ++i) {
      taken += executor.Post({caller, server}, [] {}).ok() ? 1 : 0;
    }
    return taken;
  };
  EXPECT_EQ(post(viewer, "hung0", 100), 4);
  EXPECT_EQ(post(another, "hung1", 100), 0);
  // The admin waits behind nobody, even for a server that hangs.
  EXPECT_TRUE(Serves(executor, admin));
  std::promise<void> done;
  EXPECT_TRUE(
      executor.Post({admin, "hung0"}, [&done] { done.set_value(); }).ok());
  EXPECT_EQ(done.get_future().wait_for(std::chrono::seconds(30)),
            std::future_status::ready);
}

}  // namespace
}  // namespace goferd::service
