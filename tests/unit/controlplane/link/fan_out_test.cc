#include "controlplane/link/fan_out.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>

#include "server/base/mutex.h"
#include "tests/support/latch.h"

namespace goferd::link {
namespace {

TEST(FanOutTest, AsksEachOnce) {
  gofer::base::Mutex mu;
  std::multiset<size_t> asked;
  FanOut(absl::Hours(1)).Run(1000, [&](size_t i) {
    gofer::base::MutexLock lock(mu);
    asked.insert(i);
  });
  EXPECT_EQ(asked.size(), 1000u);
  EXPECT_EQ(std::set<size_t>(asked.begin(), asked.end()).size(), 1000u);
}

TEST(FanOutTest, AHungGoferHoldsNobodyElseUp) {
  std::atomic<int> others = 0;
  gofer::test::Latch all_others;
  // The first ten hang until all others have been asked.
  FanOut(absl::Hours(1)).Run(100, [&](size_t i) {
    if (i < 10) return all_others.Wait();
    if (++others == 90) all_others.Open();
  });
  EXPECT_EQ(others, 90);
}

TEST(FanOutTest, AfterTheDeadlineNobodyIsAsked) {
  std::atomic<int> asked = 0;
  FanOut(absl::ZeroDuration()).Run(10, [&](size_t) { ++asked; });
  EXPECT_EQ(asked, 0);
}

}  // namespace
}  // namespace goferd::link
