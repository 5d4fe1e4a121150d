#include "clients/goferctl/rule_flags.h"

#include <gtest/gtest.h>

#include "clients/goferctl/exit_code.h"
#include "clients/goferctl/rule_view.h"

namespace goferctl {
namespace {

using goferd::admin::v1::HandlerRule;

RuleFlags Observer() {
  RuleFlags flags;
  flags.observe = true;
  flags.ttl = "1m";
  return flags;
}

TEST(RuleFlagsTest, RequiresOneActionAndOneExpiration) {
  HandlerRule rule;
  EXPECT_TRUE(SetRule(Observer(), "servers/web", &rule).ok());
  RuleFlags two = Observer();
  two.deny = true;
  EXPECT_TRUE(IsUsageError(SetRule(two, "servers/web", &rule)));
  RuleFlags none = Observer();
  none.observe = false;
  EXPECT_TRUE(IsUsageError(SetRule(none, "servers/web", &rule)));
  RuleFlags endless = Observer();
  endless.ttl = "";
  EXPECT_TRUE(IsUsageError(SetRule(endless, "servers/web", &rule)));
}

TEST(RuleFlagsTest, ReadsProbabilities) {
  HandlerRule::Probability p;
  ASSERT_TRUE(SetProbability("1/100", &p).ok());
  EXPECT_EQ(p.numerator(), 1u);
  EXPECT_EQ(p.denominator(), 100u);
  ASSERT_TRUE(SetProbability("2.5%", &p).ok());
  EXPECT_EQ(p.numerator(), 25'000u);
  ASSERT_TRUE(SetProbability("0.01", &p).ok());
  EXPECT_EQ(p.numerator(), 10'000u);
  for (const char* text : {"", "2", "-1%", "nan", "1/x", "/", "101%"}) {
    EXPECT_TRUE(IsUsageError(SetProbability(text, &p))) << text;
  }
}

TEST(RuleViewTest, SaysWhatTheRuleDoes) {
  RuleFlags flags = Observer();
  flags.observe = false;
  flags.delay = "10ms";
  flags.jitter = "5ms";
  flags.mids = {"PRead", "PWrite"};
  flags.connection = "c1";
  flags.path_glob = "/logs/**";
  HandlerRule rule;
  ASSERT_TRUE(SetRule(flags, "servers/web", &rule).ok());
  EXPECT_EQ(ActionText(rule), "delay 10ms +5ms");
  EXPECT_EQ(MatchText(rule), "pread,pwrite connection=web/c1 path=/logs/**");
  HandlerRule other;
  other.mutable_refuse_fd_donation();
  EXPECT_EQ(ActionText(other), "refuse-fd-donation");
  EXPECT_EQ(MatchText(other), "all");
}

}  // namespace
}  // namespace goferctl
