#include "controlplane/gofers/rule_frames.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "server/control/control_channel.h"

namespace goferd::gofers {
namespace {

using worker::v1::ChangeRules;

ChangeRules Many(int count, size_t bytes) {
  ChangeRules change;
  change.add_remove_uids("old");
  for (int i = 0; i < count; ++i) {
    auto& rule = *change.add_upsert();
    rule.set_uid(absl::StrCat("uid-", i));
    rule.set_daemon_data(std::string(bytes, 'x'));
  }
  return change;
}

TEST(RuleFramesTest, NothingIsNoFrame) { EXPECT_TRUE(ToFrames({}).empty()); }

TEST(RuleFramesTest, AFewRulesAreOneFrame) {
  const auto frames = ToFrames(Many(10, 100));
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].change_rules().upsert_size(), 10);
  EXPECT_EQ(frames[0].change_rules().remove_uids_size(), 1);
}

TEST(RuleFramesTest, AsManyAndAsLargeRulesAsThereMayBeFitIntoFrames) {
  constexpr int kCount = 1000;
  const auto frames = ToFrames(Many(kCount, size_t{32} << 10));
  int next = 0;
  for (const auto& frame : frames) {
    EXPECT_LT(frame.ByteSizeLong(), gofer::control::kMaxFrameBytes);
    EXPECT_EQ(frame.change_rules().remove_uids_size(), next == 0 ? 1 : 0);
    for (const auto& rule : frame.change_rules().upsert()) {
      EXPECT_EQ(rule.uid(), absl::StrCat("uid-", next++));
    }
  }
  EXPECT_EQ(next, kCount);
}

TEST(RuleFramesTest, ALongerRuleIsAFrameByItself) {
  EXPECT_EQ(ToFrames(Many(3, 1000), 100).size(), 4u);
}

}  // namespace
}  // namespace goferd::gofers
