#include "controlplane/supervisor/kept_overrides.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "controlplane/supervisor/time_conversion.h"
#include "goferd/state/v1/state.pb.h"

namespace goferd::supervisor {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

RuleRecord Policy(const std::string& id, uint64_t age) {
  RuleRecord rule;
  rule.resource.set_name(RuleName("web", id));
  rule.resource.mutable_deny();
  rule.resource.set_etag("etag");
  rule.age_number = age;
  return rule;
}

RuleRecord Fault(const std::string& id, uint64_t age, bool persistent) {
  RuleRecord rule = Policy(id, age);
  rule.resource.mutable_hang();
  rule.resource.set_persistent(persistent);
  return rule;
}

std::vector<std::string> NamesIn(const KeptOverrides& kept) {
  state::v1::Overrides overrides;
  EXPECT_TRUE(overrides.ParseFromString(kept.Serialize()));
  std::vector<std::string> names;
  for (const auto& rule : overrides.rules()) {
    names.push_back(rule.name().substr(rule.name().rfind('/') + 1));
  }
  return names;
}

TEST(KeptOverridesTest, PoliciesAndPersistentFaultsByAge) {
  ServerRecord server;
  server.id = "web";
  server.rules["a"] = Policy("a", 3);
  server.rules["b"] = Fault("b", 2, true);
  server.rules["c"] = Fault("c", 1, false);
  KeptOverrides kept(server);
  EXPECT_THAT(NamesIn(kept), ElementsAre("b", "a"));
  kept.Put(Policy("d", 4));
  kept.Remove(RuleName("web", "b"));
  kept.Remove(RuleName("web", "none"));
  EXPECT_THAT(NamesIn(kept), ElementsAre("a", "d"));
}

TEST(KeptOverridesTest, RuleThatBecomesAFaultIsKeptNoMore) {
  KeptOverrides kept{ServerRecord()};
  kept.Put(Policy("a", 1));
  kept.Put(Fault("a", 1, false));
  EXPECT_THAT(NamesIn(kept), IsEmpty());
  EXPECT_EQ(kept.Serialize(), "");
}

TEST(KeptOverridesTest, WhatOnlyARunningServerHasMakesNoDifference) {
  KeptOverrides kept{ServerRecord()};
  kept.Put(Policy("a", 1));
  const std::string before = kept.Serialize();
  RuleRecord again = Policy("a", 1);
  again.resource.set_etag("another");
  again.resource.mutable_counters()->set_hit_count(17);
  *again.resource.mutable_update_time() = ToProto(absl::Now());
  again.resource.add_warnings();
  kept.Put(again);
  EXPECT_EQ(kept.Serialize(), before);
  again.resource.set_priority(5);
  kept.Put(again);
  EXPECT_NE(kept.Serialize(), before);
}

TEST(KeptOverridesTest, TableIsKept) {
  ServerRecord server;
  server.assignments.emplace_back().set_implementation("stock");
  KeptOverrides kept(server);
  state::v1::Overrides overrides;
  ASSERT_TRUE(overrides.ParseFromString(kept.Serialize()));
  ASSERT_EQ(overrides.assignments_size(), 1);
  EXPECT_EQ(overrides.assignments(0).implementation(), "stock");
  kept.SetAssignments({});
  EXPECT_EQ(kept.Serialize(), "");
}

}  // namespace
}  // namespace goferd::supervisor
