// Attacks on the sleep of an endpoint: the peer owns the futex word as much as
// we do, and so can take our sleeper out of the reach of our wakes.

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <future>
#include <iterator>
#include <thread>

#include "server/flipcall/endpoint.h"
#include "server/flipcall/futex.h"
#include "tests/support/raw_window.h"
#include "tests/unit/server/flipcall/blocking_environment.h"

namespace gofer::flipcall {
namespace {

using test::RawWindow;
using test::WindowFile;

constexpr uint32_t kClientActive = 0;
constexpr uint32_t kShutDown = 2;
// Where there is no sleep on two words, a sleep ends by itself after a second.
constexpr std::chrono::seconds kDeadline(30);

// For the calling thread, for as long as it lives.
void RefuseFutexWaitv() {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_futex_waitv, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {std::size(filter), filter};
  ASSERT_EQ(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
  ASSERT_EQ(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
  ASSERT_EQ(::syscall(SYS_futex_waitv, nullptr, 0, 0, nullptr, 0), -1);
  ASSERT_EQ(errno, ENOSYS);
}

class EndpointHostileTest : public testing::Test {
 protected:
  void StartWaiting() {
    turn_ = std::async(std::launch::async,
                       [this] { return server_.WaitForTurn().error(); });
  }

  // Shuts down, and expects that both this and the waiting thread end.
  void ExpectThatShutdownEnds() {
    auto shutdown = std::async(std::launch::async, [this] {
      server_.Shutdown();
      return true;
    });
    EXPECT_EQ(shutdown.wait_for(kDeadline), std::future_status::ready);
    EXPECT_EQ(turn_.wait_for(kDeadline), std::future_status::ready);
    ended_ = true;
    // Where the test has failed, the threads must end nevertheless.
    while (turn_.wait_for(std::chrono::milliseconds(1)) !=
           std::future_status::ready) {
      FutexWake(hidden_word(), INT_MAX);
    }
    EXPECT_EQ(turn_.get(), base::Errno(ESHUTDOWN));
    EXPECT_EQ(raw_.state().load(), kShutDown);
  }

  // The reserved word of the window: nobody wakes it.
  uint32_t* hidden_word() const { return raw_.futex_word() + 2; }

  // How many sleepers were moved to the hidden word.
  long Requeue() const {
    return ::syscall(SYS_futex, raw_.futex_word(), FUTEX_REQUEUE, 0, INT_MAX,
                     hidden_word(), 0);
  }

  WindowFile file_;
  RawWindow raw_ = file_.Raw();
  BlockingEnvironment env_;
  Endpoint server_{Endpoint::Role::kServer, file_.Map(), env_};
  std::future<base::Errno> turn_;
  std::atomic<bool> ended_ = false;
};

TEST_F(EndpointHostileTest,
       RequeueAttackThatHidesOurSleeperOnceDoesNotKeepUsFromShutdown) {
  StartWaiting();
  while (Requeue() == 0) ::sched_yield();
  ExpectThatShutdownEnds();
}

TEST_F(EndpointHostileTest,
       RequeueAttackThatGoesOnAllTheTimeDoesNotKeepUsFromShutdown) {
  StartWaiting();
  std::atomic<bool> moved = false;
  std::thread attacker([&] {
    while (!ended_) {
      if (Requeue() > 0) moved = true;
      ::sched_yield();
    }
  });
  while (!moved) ::sched_yield();
  ExpectThatShutdownEnds();
  attacker.join();
}

// The peer's own wake is lost as well: it must wake where it has put us.
TEST_F(EndpointHostileTest, RequeueAttackDelaysTheAttackersTurnOnly) {
  auto turn = std::async(std::launch::async,
                         [this] { return server_.WaitForTurn().ok(); });
  while (Requeue() == 0) ::sched_yield();
  raw_.Put("abcd");
  raw_.SetState(1);
  FutexWake(hidden_word(), INT_MAX);
  EXPECT_EQ(turn.wait_for(kDeadline), std::future_status::ready);
  EXPECT_TRUE(turn.get());
}

// A kernel before 5.16, or a filter around us: the sleep ends by itself.
TEST_F(EndpointHostileTest, RequeueAttackOnlyDelaysShutdownWithoutFutexWaitv) {
  turn_ = std::async(std::launch::async, [this] {
    RefuseFutexWaitv();
    return server_.WaitForTurn().error();
  });
  while (Requeue() == 0) ::sched_yield();
  ExpectThatShutdownEnds();
}

// A priority-inheriting waiter that is queued first makes each FUTEX_WAKE of
// the word fail, before it comes to ours.
TEST_F(EndpointHostileTest,
       PiWaiterAttackOnEveryWakeDoesNotKeepUsFromShutdown) {
  const auto lock_pi = [this] {
    return ::syscall(SYS_futex, raw_.futex_word(), FUTEX_LOCK_PI, 0, nullptr,
                     nullptr, 0);
  };
  std::atomic<int> locked = 0;
  std::atomic<bool> hand_over = false;
  std::thread owner([&] {
    locked = lock_pi() == 0 ? 1 : -1;
    // Its end hands the lock over to the waiter, whose id the kernel then
    // writes into the word: not before the word has been looked at.
    while (locked == 1 && !hand_over) ::usleep(1000);
  });
  while (locked == 0) ::sched_yield();
  if (locked < 0) {
    owner.join();
    GTEST_SKIP() << "no FUTEX_LOCK_PI here";
  }
  std::thread waiter([&] { EXPECT_EQ(lock_pi(), 0); });
  // Set with the queue's lock held, under which the waiter then queues.
  while ((raw_.state().load() & FUTEX_WAITERS) == 0) ::sched_yield();
  raw_.state().store(kClientActive);

  StartWaiting();
  env_.AwaitParks(1);
  EXPECT_EQ(::syscall(SYS_futex, raw_.futex_word(), FUTEX_WAKE, INT_MAX,
                      nullptr, nullptr, 0),
            -1);
  EXPECT_EQ(errno, EINVAL);
  ExpectThatShutdownEnds();
  hand_over = true;
  owner.join();
  waiter.join();
}

}  // namespace
}  // namespace gofer::flipcall
