// Calls that the host, or a client that takes its memory away, makes slow must
// hold up nobody: not even a rename, behind which everybody queues.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/stat.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "server/lisafs/connection.h"
#include "tests/support/latch.h"
#include "tests/support/served_tree.h"

namespace gofer::lisafs {
namespace {

struct SlowCall {
  const char* name;
  int (*call)(test::Session& session, test::FdId control, test::FdId open);
};

class SlowCallsTest : public testing::TestWithParam<SlowCall> {
 protected:
  test::ServedTree served_{test::TestTree::Kind::kMemory};
};

INSTANTIATE_TEST_SUITE_P(
    All, SlowCallsTest,
    testing::Values(
        SlowCall{"Truncate",
                 [](test::Session& session, test::FdId control, test::FdId) {
                   wire::SetStatReq request{};
                   request.fd = control;
                   request.mask = STATX_SIZE;
                   request.size = 1;
                   return session->SetStat(request).error;
                 }},
        SlowCall{"OpenWithTruncation",
                 [](test::Session& session, test::FdId control, test::FdId) {
                   return session->OpenAt(control, O_RDWR | O_TRUNC).error;
                 }},
        SlowCall{"Read",
                 [](test::Session& session, test::FdId, test::FdId open) {
                   return session->PRead(open, 5, 0).error;
                 }},
        SlowCall{"Write",
                 [](test::Session& session, test::FdId, test::FdId open) {
                   return session->PWrite(open, "abc", 0).error;
                 }},
        SlowCall{"Allocate",
                 [](test::Session& session, test::FdId, test::FdId open) {
                   return session->FAllocate(open, 0, 0, 100).error;
                 }}),
    [](const auto& param_info) { return param_info.param.name; });

TEST_P(SlowCallsTest, HoldsUpNoRenameAndNoOtherClientOfTheFile) {
  test::Latch slow;
  test::Latch go_on;
  bool is_prepared = false;
  test::ClientOptions options;
  options.policy.in_slow_call = [&] {
    if (!is_prepared) return;
    slow.Open();
    go_on.Wait();
  };
  test::Session hostile = served_.Mount(options);
  const test::FdId control = hostile->To(hostile.root, {"f"});
  const test::FdId open = hostile->Opened(hostile.root, {"f"}, O_RDWR);
  test::Session innocent = served_.Mount();
  const test::FdId same = innocent->To(innocent.root, {"f"});
  is_prepared = true;
  int error = -1;
  std::thread caller([&] { error = GetParam().call(hostile, control, open); });
  slow.Wait();
  EXPECT_EQ(innocent->RenameAt(innocent.root, "d1", innocent.root, "d").error,
            0);
  EXPECT_EQ(innocent->FStat(same).error, 0);
  EXPECT_EQ(innocent->UnlinkAt(innocent.root, "f").error, 0);
  go_on.Open();
  caller.join();
  EXPECT_EQ(error, 0);
}

}  // namespace
}  // namespace gofer::lisafs
