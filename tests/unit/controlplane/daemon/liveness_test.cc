#include "controlplane/daemon/liveness.h"

#include <gtest/gtest.h>

#include <functional>
#include <utility>
#include <vector>

namespace goferd::daemon {
namespace {

// A thread that runs its tasks when it is told to.
class FakeThread {
 public:
  Liveness::Looked Looked() {
    return {"fake", [this](std::function<void()> task) {
              tasks_.push_back(std::move(task));
            }};
  }
  void Run() {
    for (const auto& task : std::exchange(tasks_, {})) task();
  }
  size_t waiting() const { return tasks_.size(); }

 private:
  std::vector<std::function<void()>> tasks_;
};

TEST(LivenessTest, IsAliveOnlyWhenAllThreadsHaveRunTheirTasks) {
  FakeThread a;
  FakeThread b;
  Liveness liveness({a.Looked(), b.Looked()});
  EXPECT_TRUE(liveness.Check());
  EXPECT_FALSE(liveness.Check());
  a.Run();
  EXPECT_FALSE(liveness.Check());
  b.Run();
  EXPECT_TRUE(liveness.Check());
}

TEST(LivenessTest, PostsNothingMoreToAThreadThatHangs) {
  FakeThread hangs;
  Liveness liveness({hangs.Looked()});
  for (int i = 0; i < 100; ++i) liveness.Check();
  EXPECT_EQ(hangs.waiting(), 1u);
  hangs.Run();
  EXPECT_TRUE(liveness.Check());
}

TEST(LivenessTest, TasksMayRunAfterItsDestruction) {
  FakeThread late;
  { EXPECT_TRUE(Liveness({late.Looked()}).Check()); }
  late.Run();
}

TEST(LivenessTest, WithoutThreadsItIsAlwaysAlive) {
  Liveness liveness({});
  EXPECT_TRUE(liveness.Check());
  EXPECT_TRUE(liveness.Check());
}

}  // namespace
}  // namespace goferd::daemon
