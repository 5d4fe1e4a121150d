#include "server/metrics/counter.h"

#include <gtest/gtest.h>

#include <thread>

namespace gofer::metrics {
namespace {

TEST(CounterTest, AddsUp) {
  Counter counter;
  EXPECT_EQ(counter.Get(), 0u);
  counter.Add(3);
  counter.Add(4);
  EXPECT_EQ(counter.Get(), 7u);
}

TEST(CounterTest, ReadersSeeItGrow) {
  constexpr uint64_t kSteps = 50'000;
  Counter counter;
  std::thread writer([&] {
    for (uint64_t i = 0; i < kSteps; ++i) counter.Add(uint64_t{1} << 33);
  });
  uint64_t last = 0;
  while (last < kSteps << 33) {
    const uint64_t now = counter.Get();
    ASSERT_GE(now, last);
    ASSERT_EQ(now % (uint64_t{1} << 33), 0u);
    last = now;
  }
  writer.join();
}

}  // namespace
}  // namespace gofer::metrics
