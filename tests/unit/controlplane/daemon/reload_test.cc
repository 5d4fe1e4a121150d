#include "controlplane/daemon/reload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace goferd::daemon {
namespace {

using config::v1::DaemonConfig;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(ChangedFieldsTest, NamesFieldsThatDiffer) {
  DaemonConfig before;
  before.set_node("a");
  before.add_listeners()->mutable_uds()->set_path("/a");
  before.mutable_log()->set_level(admin::v1::LOG_LEVEL_INFO);
  EXPECT_THAT(ChangedFields(before, before), IsEmpty());
  DaemonConfig after = before;
  after.set_node("b");
  after.add_listeners()->mutable_uds()->set_path("/b");
  after.mutable_metrics()->set_address("127.0.0.1:1");
  EXPECT_THAT(ChangedFields(before, after),
              ElementsAre("node", "listeners", "metrics"));
  EXPECT_THAT(ChangedFields(after, before),
              ElementsAre("node", "listeners", "metrics"));
}

}  // namespace
}  // namespace goferd::daemon
