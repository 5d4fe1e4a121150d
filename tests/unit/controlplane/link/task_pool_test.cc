#include "controlplane/link/task_pool.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <string>
#include <vector>

namespace goferd::link {
namespace {

constexpr std::chrono::seconds kPatience(30);

TEST(LanesTest, TakeTurns) {
  Lanes lanes;
  std::string order;
  for (const char* const name : {"a", "a", "a", "b", "c", "c"}) {
    lanes.Push({name}, [&order, name] { order += name; });
  }
  while (auto taken = lanes.Take(Lanes::Running::kAny)) {
    taken->task();
    lanes.Finish(taken->lane);
  }
  EXPECT_EQ(order, "abcaca");
  EXPECT_EQ(lanes.waiting(), 0u);
}

TEST(LanesTest, HaveNoMoreRunningTasksThanAreAllowed) {
  Lanes lanes;
  for (int i = 0; i < 3; ++i) lanes.Push({"a", 2}, [] {});
  ASSERT_TRUE(lanes.Take(Lanes::Running::kAny));
  EXPECT_FALSE(lanes.CanTake(Lanes::Running::kNone));
  ASSERT_TRUE(lanes.Take(Lanes::Running::kAny));
  EXPECT_FALSE(lanes.Take(Lanes::Running::kAny));
  lanes.Finish("a");
  EXPECT_TRUE(lanes.Take(Lanes::Running::kAny));
}

TEST(LanesTest, TasksOfNobodyHaveNoBound) {
  Lanes lanes;
  for (int i = 0; i < 100; ++i) lanes.Push({}, [] {});
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(lanes.Take(Lanes::Running::kNone));
  }
}

TEST(TaskPoolTest, TasksThatHangHoldUpNoOther) {
  TaskPool pool({2, 64, 2});
  std::promise<void> go;
  auto may_go = go.get_future().share();
  for (int i = 0; i < 32; ++i) {
    pool.Post({std::to_string(i)}, [may_go] { may_go.wait(); });
  }
  std::promise<void> done;
  pool.Post({"healthy"}, [&done] { done.set_value(); });
  EXPECT_EQ(done.get_future().wait_for(kPatience), std::future_status::ready);
  go.set_value();
  EXPECT_TRUE(pool.WaitIdle(std::chrono::steady_clock::now() + kPatience));
}

TEST(TaskPoolTest, TasksOfOneThreadRunInTheirOrder) {
  std::vector<int> order;
  {
    TaskPool pool({});
    for (int i = 0; i < 10; ++i) pool.Post([&order, i] { order.push_back(i); });
    EXPECT_TRUE(pool.WaitIdle(std::chrono::steady_clock::now() + kPatience));
  }
  EXPECT_EQ(order, std::vector<int>({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST(TaskPoolTest, NothingRunsAfterStop) {
  bool ran = false;
  TaskPool pool({});
  pool.Stop();
  pool.Post([&ran] { ran = true; });
  EXPECT_FALSE(ran);
}

}  // namespace
}  // namespace goferd::link
