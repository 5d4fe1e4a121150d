#include "server/lisafs/request_gate.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <atomic>
#include <thread>
#include <vector>

namespace gofer::lisafs {
namespace {

TEST(RequestGateTest, OpenGateLetsManyIn) {
  RequestGate gate;
  auto first = gate.TryEnter();
  auto second = gate.TryEnter();
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(gate.closed());
}

TEST(RequestGateTest, ClosedGateLetsNobodyIn) {
  RequestGate gate;
  gate.Close();
  EXPECT_TRUE(gate.closed());
  EXPECT_FALSE(gate.TryEnter());
  gate.CloseAndWait();
}

TEST(RequestGateTest, ClosingWaitsForThoseInside) {
  RequestGate gate;
  auto first = gate.TryEnter();
  auto second = gate.TryEnter();
  std::atomic<bool> closed = false;
  std::thread closer([&] {
    gate.CloseAndWait();
    closed = true;
  });
  while (!gate.closed()) ::sched_yield();
  EXPECT_FALSE(gate.TryEnter());
  first.reset();
  for (int i = 0; i < 200; ++i) {
    ASSERT_FALSE(closed);
    ::sched_yield();
  }
  second.reset();
  closer.join();
  EXPECT_TRUE(closed);
}

TEST(RequestGateTest, MovedPassLeavesOnce) {
  RequestGate gate;
  auto pass = gate.TryEnter();
  {
    RequestGate::Pass moved = std::move(*pass);
    RequestGate::Pass again = std::move(moved);
    pass.reset();
    EXPECT_FALSE(gate.closed());
  }
  gate.CloseAndWait();
}

TEST(RequestGateTest, NobodyIsInsideAfterClosing) {
  for (int round = 0; round < 200; ++round) {
    RequestGate gate;
    std::atomic<int> inside = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) {
      threads.emplace_back([&] {
        while (auto pass = gate.TryEnter()) {
          ++inside;
          --inside;
        }
      });
    }
    gate.CloseAndWait();
    EXPECT_EQ(inside, 0);
    for (std::thread& thread : threads) thread.join();
  }
}

}  // namespace
}  // namespace gofer::lisafs
