#include "server/lisafs/connection_state.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>
#include <utility>
#include <vector>

namespace gofer::lisafs {
namespace {

using State = ConnectionState;

constexpr State kStates[] = {State::kCreated, State::kAttached,
                             State::kMounted, State::kDraining,
                             State::kClosing, State::kEnded};

const std::set<std::pair<State, State>>& LegalMoves() {
  static const auto* const moves = new std::set<std::pair<State, State>>{
      {State::kCreated, State::kAttached}, {State::kCreated, State::kEnded},
      {State::kAttached, State::kMounted}, {State::kAttached, State::kDraining},
      {State::kAttached, State::kClosing}, {State::kMounted, State::kDraining},
      {State::kMounted, State::kClosing},  {State::kDraining, State::kClosing},
      {State::kClosing, State::kEnded},
  };
  return *moves;
}

// The shortest way to each state.
void MoveTo(ConnectionStateCell& cell, State state) {
  if (state == State::kCreated) return;
  ASSERT_TRUE(cell.Advance(State::kAttached));
  if (state == State::kAttached) return;
  if (state == State::kEnded) {
    ASSERT_TRUE(cell.Advance(State::kClosing));
  }
  ASSERT_TRUE(cell.Advance(state));
}

TEST(ConnectionStateTest, EveryMoveIsLegalOrRefused) {
  for (const State from : kStates) {
    for (const State to : kStates) {
      ConnectionStateCell cell;
      MoveTo(cell, from);
      ASSERT_EQ(cell.Get(), from);
      const bool legal = LegalMoves().count({from, to}) != 0;
      EXPECT_EQ(cell.Advance(to), legal)
          << static_cast<int>(from) << " to " << static_cast<int>(to);
      EXPECT_EQ(cell.Get(), legal ? to : from);
    }
  }
}

TEST(ConnectionStateTest, OneThreadOfManyMoves) {
  for (int round = 0; round < 200; ++round) {
    ConnectionStateCell cell;
    MoveTo(cell, State::kMounted);
    std::atomic<int> moved = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) {
      threads.emplace_back([&] {
        if (cell.Advance(State::kClosing)) ++moved;
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(moved, 1);
  }
}

}  // namespace
}  // namespace gofer::lisafs
