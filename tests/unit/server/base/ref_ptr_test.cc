#include "server/base/ref_ptr.h"

#include <gtest/gtest.h>

#include <thread>
#include <utility>
#include <vector>

namespace gofer::base {
namespace {

class Tracked : public RefCounted {
 public:
  explicit Tracked(int* alive) : alive_(alive) { ++*alive_; }
  ~Tracked() override { --*alive_; }

 private:
  int* const alive_;
};

class Derived : public Tracked {
 public:
  using Tracked::Tracked;
};

class Postponed : public RefCounted {
 public:
  explicit Postponed(int* zeros) : zeros_(zeros) {}

 private:
  void OnZeroRefs() override {
    ++*zeros_;
    delete this;
  }
  int* const zeros_;
};

TEST(RefPtrTest, LastReferenceDestroys) {
  int alive = 0;
  RefPtr<Tracked> first = MakeRef<Tracked>(&alive);
  {
    RefPtr<Tracked> second = first;
    EXPECT_EQ(second.get(), first.get());
    first.reset();
    EXPECT_EQ(alive, 1);
  }
  EXPECT_EQ(alive, 0);
}

TEST(RefPtrTest, MovingLeavesNothingBehind) {
  int alive = 0;
  RefPtr<Derived> derived = MakeRef<Derived>(&alive);
  RefPtr<Tracked> base = std::move(derived);
  EXPECT_FALSE(derived);
  EXPECT_TRUE(base);
  base = nullptr;
  EXPECT_EQ(alive, 0);
}

TEST(RefPtrTest, AssigningToItselfKeepsTheObject) {
  int alive = 0;
  RefPtr<Tracked> pointer = MakeRef<Tracked>(&alive);
  const RefPtr<Tracked>& same = pointer;
  pointer = same;
  EXPECT_EQ(alive, 1);
}

TEST(RefPtrTest, ReleaseGivesTheReferenceAway) {
  int alive = 0;
  Tracked* const raw = MakeRef<Tracked>(&alive).release();
  EXPECT_EQ(alive, 1);
  const auto shared = RefPtr<Tracked>::Share(raw);
  RefPtr<Tracked>::Adopt(raw).reset();
  EXPECT_EQ(alive, 1);
}

TEST(RefPtrTest, SharingNullGivesNull) {
  EXPECT_FALSE(RefPtr<Tracked>::Share(nullptr));
}

TEST(RefPtrTest, LastReferenceCallsOnZeroRefs) {
  int zeros = 0;
  RefPtr<Postponed> pointer = MakeRef<Postponed>(&zeros);
  RefPtr<Postponed> copy = pointer;
  pointer.reset();
  EXPECT_EQ(zeros, 0);
  copy.reset();
  EXPECT_EQ(zeros, 1);
}

TEST(RefPtrTest, ManyThreadsCountExactly) {
  int alive = 0;
  RefPtr<Tracked> pointer = MakeRef<Tracked>(&alive);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([copy = pointer] {
      for (int i = 0; i < 10'000; ++i) RefPtr<Tracked> another = copy;
    });
  }
  pointer.reset();
  for (std::thread& thread : threads) thread.join();
  threads.clear();
  EXPECT_EQ(alive, 0);
}

}  // namespace
}  // namespace gofer::base
