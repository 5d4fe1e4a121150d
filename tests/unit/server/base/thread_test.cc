#include "server/base/thread.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/latch.h"
#include "tests/support/process_counts.h"

namespace gofer::base {
namespace {

TEST(ThreadTest, RunsItsBodyAndIsJoined) {
  const auto before = test::ProcessCounts::Take();
  std::atomic<bool> ran = false;
  auto thread = Thread::Start("test", [&] { ran = true; });
  ASSERT_TRUE(thread.ok());
  EXPECT_TRUE(thread->joinable());
  thread->Join();
  EXPECT_TRUE(ran);
  EXPECT_FALSE(thread->joinable());
  thread->Join();
  EXPECT_EQ(test::ProcessCounts::Settled(before), before);
}

TEST(ThreadTest, DestructorJoins) {
  bool ran = false;
  {
    auto thread = Thread::Start("test", [&] { ran = true; });
  }
  EXPECT_TRUE(ran);
}

TEST(ThreadTest, MovingMovesTheJoin) {
  test::Latch let_go;
  bool ran = false;
  Thread kept;
  {
    auto thread = Thread::Start("test", [&] {
      let_go.Wait();
      ran = true;
    });
    ASSERT_TRUE(thread.ok());
    kept = *std::move(thread);
    EXPECT_TRUE(kept.joinable());
  }
  let_go.Open();
  kept.Join();
  EXPECT_TRUE(ran);
}

TEST(ThreadTest, AssigningJoinsTheOldOne) {
  bool first = false;
  bool second = false;
  auto thread = Thread::Start("one", [&] { first = true; });
  ASSERT_TRUE(thread.ok());
  *thread = *Thread::Start("two", [&] { second = true; });
  EXPECT_TRUE(first);
  thread->Join();
  EXPECT_TRUE(second);
}

TEST(ThreadTest, NameIsCutTo15Bytes) {
  std::string name;
  auto thread = Thread::Start("a-name-that-is-too-long", [&] {
    char buffer[16] = {};
    ::pthread_getname_np(::pthread_self(), buffer, sizeof(buffer));
    name = buffer;
  });
  ASSERT_TRUE(thread.ok());
  thread->Join();
  EXPECT_EQ(name, "a-name-that-is-");
}

TEST(ThreadTest, SignalsAreBlockedInItAndNotInUs) {
  sigset_t before;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &before);
  bool blocked = false;
  auto thread = Thread::Start("test", [&] {
    sigset_t mask;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    blocked =
        sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGHUP) == 1;
  });
  ASSERT_TRUE(thread.ok());
  thread->Join();
  EXPECT_TRUE(blocked);
  sigset_t after;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &after);
  EXPECT_EQ(sigismember(&after, SIGTERM), sigismember(&before, SIGTERM));
}

TEST(ThreadTest, NoRoomIsAnErrorAndTheBodyIsDestroyed) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers do not survive a limit on memory";
#else
  rlimit before;
  ASSERT_EQ(::getrlimit(RLIMIT_AS, &before), 0);
  rlimit none = before;
  none.rlim_cur = 1;
  auto owned = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = owned;
  test::Latch let_go;
  const std::function<void()> body = [&let_go, owned = std::move(owned)] {
    let_go.Wait();
  };
  // Stacks of earlier threads may be used again: take them all.
  constexpr size_t kMost = 200;
  std::vector<Thread> threads;
  threads.reserve(kMost);
  int error = 0;
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &none), 0);
  while (error == 0 && threads.size() < kMost) {
    auto thread = Thread::Start("test", body);
    if (thread.ok()) {
      threads.push_back(*std::move(thread));
    } else {
      error = thread.error().number();
    }
  }
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &before), 0);
  EXPECT_EQ(error, EAGAIN);
  let_go.Open();
  threads.clear();
  EXPECT_EQ(watch.use_count(), 1) << "only `body` is left";
#endif
}

}  // namespace
}  // namespace gofer::base
