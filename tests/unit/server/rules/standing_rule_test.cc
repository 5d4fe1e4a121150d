#include "server/rules/standing_rule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace gofer::rules {
namespace {

Rule Named() {
  Rule rule;
  rule.uid = "u";
  return rule;
}

std::shared_ptr<StandingRule> Make(Rule rule) {
  auto made = StandingRule::Make(std::move(rule));
  EXPECT_EQ(made.index(), 0u);
  return std::get<0>(made);
}

FailureKind Refused(Rule rule) {
  const auto made = StandingRule::Make(std::move(rule));
  EXPECT_EQ(made.index(), 1u);
  return std::get<Failure>(made).kind;
}

// 'x' for each match that fires, '.' for the others.
std::string Fire(StandingRule& rule, int times) {
  std::string fired;
  for (int i = 0; i < times; ++i) {
    fired += rule.Fire(i + 1).fired ? 'x' : '.';
  }
  return fired;
}

TEST(StandingRuleTest, SkipsThenTakesEveryNth) {
  Rule rule = Named();
  rule.trigger.skip_first = 2;
  rule.trigger.every_nth = 3;
  const auto standing = Make(rule);
  EXPECT_EQ(Fire(*standing, 10), "..x..x..x.");
  EXPECT_EQ(standing->Counters().matches, 10u);
  EXPECT_EQ(standing->Counters().hits, 3u);
  EXPECT_EQ(standing->Counters().last_hit_unix_ns, 9);
}

TEST(StandingRuleTest, StopsAfterMaxHitsAndGoesOnCounting) {
  Rule rule = Named();
  rule.trigger.max_hits = 2;
  const auto standing = Make(rule);
  EXPECT_EQ(Fire(*standing, 5), "xx...");
  EXPECT_EQ(standing->Counters().matches, 5u);
}

TEST(StandingRuleTest, TheSameSeedGivesTheSameSequence) {
  Rule rule = Named();
  rule.trigger.probability_numerator = 1;
  rule.trigger.probability_denominator = 3;
  rule.trigger.seed = 7;
  const std::string first = Fire(*Make(rule), 3000);
  EXPECT_EQ(Fire(*Make(rule), 3000), first);
  const auto hits = std::count(first.begin(), first.end(), 'x');
  EXPECT_GT(hits, 800);
  EXPECT_LT(hits, 1200);
  rule.trigger.seed = 8;
  EXPECT_NE(Fire(*Make(rule), 3000), first);
}

TEST(StandingRuleTest, ProbabilityZeroNeverFiresAndOneAlwaysDoes) {
  Rule rule = Named();
  rule.trigger.probability_denominator = 5;
  EXPECT_EQ(Fire(*Make(rule), 4), "....");
  rule.trigger.probability_numerator = 5;
  EXPECT_EQ(Fire(*Make(rule), 4), "xxxx");
}

TEST(StandingRuleTest, HoldsNoMoreThanMaxActive) {
  Rule rule = Named();
  rule.action = Hang{};
  rule.trigger.max_active = 2;
  const auto standing = Make(rule);
  EXPECT_EQ(Fire(*standing, 3), "xx.");
  EXPECT_EQ(standing->Counters().active, 2u);
  EXPECT_EQ(standing->Counters().overflow, 1u);
  standing->Release();
  EXPECT_EQ(Fire(*standing, 1), "x");
  EXPECT_EQ(standing->Counters().hits, 3u);
}

TEST(StandingRuleTest, JitterStaysWithinItsBounds) {
  Rule rule = Named();
  rule.action = Delay{100, 10};
  rule.trigger.max_active = 1000;
  const auto standing = Make(rule);
  uint64_t least = UINT64_MAX;
  uint64_t most = 0;
  for (int i = 0; i < 500; ++i) {
    const uint64_t delay = standing->Fire(1).delay_ns;
    least = std::min(least, delay);
    most = std::max(most, delay);
  }
  EXPECT_EQ(least, 100u);
  EXPECT_EQ(most, 110u);
}

TEST(StandingRuleTest, IsAboutTheMessagesOnWhichItDoesSomething) {
  Rule rule = Named();
  rule.action = ShortIo{1};
  EXPECT_EQ(Make(rule)->messages(), MaskOf(11) | MaskOf(12));
  rule.mids = {12, 3};
  EXPECT_EQ(Make(rule)->messages(), MaskOf(12));
  rule.action = RefuseFdDonation{};
  rule.mids = {};
  EXPECT_EQ(Make(rule)->messages(), MaskOf(1) | MaskOf(7) | MaskOf(8));
  rule.action = Observe{};
  EXPECT_NE(Make(rule)->messages() & MaskOf(40000), 0u);
  rule.action = Readonly{};
  EXPECT_EQ(Make(rule)->messages() & MaskOf(3), 0u);
  EXPECT_NE(Make(rule)->messages() & MaskOf(22), 0u);
}

TEST(StandingRuleTest, ExpiresAtItsTime) {
  Rule rule = Named();
  EXPECT_FALSE(Make(rule)->Expired(INT64_MAX));
  rule.expire_unix_ns = 10;
  EXPECT_FALSE(Make(rule)->Expired(9));
  EXPECT_TRUE(Make(rule)->Expired(10));
}

TEST(StandingRuleTest, RefusesWhatMakesNoSense) {
  EXPECT_EQ(Refused(Rule()), FailureKind::kMalformed);
  std::vector<Rule> bad(9, Named());
  bad[0].action = AnswerError{0};
  bad[1].action = AnswerError{4096};
  bad[2].action = ShortIo{0};
  bad[3].action = Hang{};
  bad[4].action = Delay{UINT64_MAX, 0};
  bad[4].trigger.max_active = 1;
  bad[5].trigger.probability_numerator = 2;
  bad[5].trigger.probability_denominator = 1;
  bad[6].path_glob = "/[";
  bad[7].mount_path_glob = std::string(4097, 'a');
  bad[8].daemon_data = std::string(kMostDaemonData + 1, 'a');
  for (size_t i = 0; i < bad.size(); ++i) {
    EXPECT_EQ(Refused(bad[i]), FailureKind::kMalformed) << i;
  }
  for (const uint32_t mid : {0u, 34u, 65536u + 3u}) {
    Rule rule = Named();
    rule.mids = {mid};
    EXPECT_EQ(Refused(rule), FailureKind::kUnknownMid);
  }
}

}  // namespace
}  // namespace gofer::rules
