#include "server/flipcall/wait_environment.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <atomic>
#include <cerrno>
#include <cstdint>

namespace gofer::flipcall {
namespace {

TEST(WaitEnvironmentTest, LetsHalfTheCpusSpin) {
  cpu_set_t cpus;
  ASSERT_EQ(::sched_getaffinity(0, sizeof(cpus), &cpus), 0);
  WaitEnvironment& environment = HostWaitEnvironment();
  int places = 0;
  while (environment.TakeSpinPlace()) ++places;
  EXPECT_EQ(places, CPU_COUNT(&cpus) / 2);
  EXPECT_FALSE(environment.TakeSpinPlace());
  for (int i = 0; i < places; ++i) environment.LeaveSpinPlace();
  if (places > 0) {
    EXPECT_TRUE(environment.TakeSpinPlace());
    environment.LeaveSpinPlace();
  }
}

TEST(WaitEnvironmentTest, ParkReturnsAtOnceWhenTheWordDiffers) {
  const uint32_t word = 1;
  const std::atomic<uint32_t> interrupt = 0;
  EXPECT_TRUE(HostWaitEnvironment().Park(&word, 0, interrupt, 0).ok());
}

TEST(WaitEnvironmentTest, ParkReturnsAtOnceWhenItIsInterruptedAlready) {
  const uint32_t word = 0;
  const std::atomic<uint32_t> interrupt = 3;
  EXPECT_TRUE(HostWaitEnvironment().Park(&word, 0, interrupt, 1).ok());
}

TEST(WaitEnvironmentTest, ParkReportsABadAddress) {
  const std::atomic<uint32_t> interrupt = 0;
  EXPECT_EQ(HostWaitEnvironment().Park(nullptr, 0, interrupt, 0).error(),
            base::Errno(EFAULT));
}

TEST(WaitEnvironmentTest, TimeDoesNotGoBack) {
  WaitEnvironment& environment = HostWaitEnvironment();
  const uint64_t before = environment.NowNanos();
  environment.Pause();
  EXPECT_LE(before, environment.NowNanos());
}

}  // namespace
}  // namespace gofer::flipcall
