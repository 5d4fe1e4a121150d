#include "server/worker/sandbox_steps.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/sandbox/landlock.h"
#include "server/worker/managed_sandbox.h"

namespace gofer::worker {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(StepNamesTest, NamesNothingWhenNothingIsPlanned) {
  EXPECT_THAT(StepNames({.no_new_privileges = false, .landlock = false}),
              IsEmpty());
}

TEST(StepNamesTest, NamesEveryStepOfAManagedGofer) {
  sandbox::Plan plan = ManagedGoferPlan();
  plan.landlock = false;
  EXPECT_THAT(StepNames(plan), ElementsAre("namespaces", "no-new-privileges",
                                           "capabilities", "syscall-filter"));
  plan.tree = sandbox::TreePlan{.root = "/"};
  EXPECT_THAT(
      StepNames(plan),
      ElementsAre("mount-namespace", "propagation", "proc-self-fd", "bind-root",
                  "stage", "hide-proc", "pivot-root", "namespaces",
                  "no-new-privileges", "capabilities", "syscall-filter"));
}

TEST(ManagedGoferPlanTest, KeepsNoPrivilegeOverMounts) {
  const sandbox::Plan plan = ManagedGoferPlan();
  ASSERT_TRUE(plan.syscalls && plan.capabilities);
  EXPECT_FALSE(plan.syscalls->donate_mounts);
  constexpr int kSysAdmin = 21;
  EXPECT_THAT(plan.capabilities->keep, Not(Contains(kSysAdmin)));
}

}  // namespace
}  // namespace gofer::worker
