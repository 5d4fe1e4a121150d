#include "controlplane/event_loop/event_loop.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <vector>

#include "server/base/thread.h"
#include "server/base/unique_fd.h"
#include "tests/support/latch.h"

namespace goferd::event_loop {
namespace {

using gofer::base::UniqueFd;
using gofer::test::Latch;

class EventLoopTest : public testing::Test {
 protected:
  // Waits until the loop has run all tasks that were posted before.
  void Settle() {
    Latch done;
    loop_->Post([&] { done.Open(); });
    done.Wait();
  }
  void Signal() {
    const uint64_t one = 1;
    ASSERT_EQ(::write(event_.get(), &one, sizeof(one)),
              static_cast<ssize_t>(sizeof(one)));
  }
  void Drain() {
    uint64_t count;
    (void)!::read(event_.get(), &count, sizeof(count));
  }

  UniqueFd event_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::unique_ptr<EventLoop> loop_ = *EventLoop::Start();
};

TEST_F(EventLoopTest, TasksRunInOrderOnTheLoopsThread) {
  std::vector<int> order;
  bool on_loop = false;
  loop_->Post([&] { on_loop = loop_->OnLoopThread(); });
  for (int i = 0; i < 3; ++i) loop_->Post([&, i] { order.push_back(i); });
  Settle();
  EXPECT_TRUE(on_loop);
  EXPECT_FALSE(loop_->OnLoopThread());
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
}

TEST_F(EventLoopTest, TimersRunInTheOrderOfTheirTimes) {
  std::vector<int> order;
  Latch done;
  loop_->After(absl::Milliseconds(20), [&] {
    order.push_back(2);
    done.Open();
  });
  loop_->After(absl::Milliseconds(5), [&] { order.push_back(1); });
  loop_->After(-absl::InfiniteDuration(), [&] { order.push_back(0); });
  done.Wait();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
}

TEST_F(EventLoopTest, ACancelledTimerDoesNotRun) {
  std::atomic<bool> ran = false;
  const auto timer =
      loop_->After(absl::InfiniteDuration(), [&] { ran = true; });
  EXPECT_TRUE(loop_->Cancel(timer));
  EXPECT_FALSE(loop_->Cancel(timer));
  Settle();
  EXPECT_FALSE(ran);
}

TEST_F(EventLoopTest, CancelSaysWhenATimerHasRun) {
  Latch ran;
  const auto timer = loop_->After(absl::ZeroDuration(), [&] { ran.Open(); });
  ran.Wait();
  EXPECT_FALSE(loop_->Cancel(timer));
}

TEST_F(EventLoopTest, CallsBackForAReadableDescriptor) {
  Latch seen;
  const auto watch = loop_->AddReadable(event_.get(), [&] {
    Drain();
    seen.Open();
  });
  ASSERT_TRUE(watch.ok());
  Signal();
  seen.Wait();
}

TEST_F(EventLoopTest, DescriptorsThatCannotBeWatchedAreRefused) {
  EXPECT_FALSE(loop_->AddReadable(-1, [] {}).ok());
}

TEST_F(EventLoopTest, NoCallbackRunsAfterTheEndOfItsWatch) {
  std::atomic<int> runs = 0;
  auto watch = *loop_->AddReadable(event_.get(), [&] { ++runs; });
  watch.reset();
  Signal();
  Settle();
  EXPECT_EQ(runs, 0);
}

TEST_F(EventLoopTest, AWatchMayEndInItsOwnCallback) {
  std::unique_ptr<EventLoop::Watch> watch;
  std::atomic<int> runs = 0;
  Latch ended;
  Latch assigned;
  auto made = loop_->AddReadable(event_.get(), [&] {
    assigned.Wait();
    ++runs;
    watch.reset();
    ended.Open();
  });
  watch = *std::move(made);
  assigned.Open();
  Signal();
  ended.Wait();
  Settle();
  EXPECT_EQ(runs, 1);
}

TEST_F(EventLoopTest, EndingAWatchWaitsForItsCallback) {
  Latch running;
  Latch go_on;
  std::atomic<bool> finished = false;
  auto watch = *loop_->AddReadable(event_.get(), [&] {
    running.Open();
    go_on.Wait();
    Drain();
    finished = true;
  });
  Signal();
  running.Wait();
  auto opener = *gofer::base::Thread::Start("opener", [&] { go_on.Open(); });
  watch.reset();
  EXPECT_TRUE(finished);
  opener.Join();
}

TEST_F(EventLoopTest, NothingRunsAfterStop) {
  std::atomic<int> runs = 0;
  const auto watch = loop_->AddReadable(event_.get(), [&] { ++runs; });
  loop_->After(absl::InfiniteDuration(), [&] { ++runs; });
  loop_->Stop();
  loop_->Post([&] { ++runs; });
  loop_->After(absl::ZeroDuration(), [&] { ++runs; });
  Signal();
  loop_->Stop();
  EXPECT_EQ(runs, 0);
}

TEST_F(EventLoopTest, AWatchMayOutliveTheLoop) {
  auto watch = *loop_->AddReadable(event_.get(), [] {});
  loop_.reset();
  watch.reset();
}

}  // namespace
}  // namespace goferd::event_loop
