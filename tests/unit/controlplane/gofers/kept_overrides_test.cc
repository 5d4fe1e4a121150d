#include "controlplane/gofers/kept_overrides.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "controlplane/names/resource_name.h"
#include "controlplane/translate/time_conversion.h"
#include "goferd/state/v1/state.pb.h"

namespace goferd::gofers {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

model::RuleRecord Policy(const std::string& id, uint64_t age) {
  model::RuleRecord rule;
  rule.resource.set_name(names::FormatRuleName("web", id));
  rule.resource.mutable_deny();
  rule.resource.set_etag("etag");
  rule.age_number = age;
  return rule;
}

model::RuleRecord Fault(const std::string& id, uint64_t age, bool persistent) {
  model::RuleRecord rule = Policy(id, age);
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

TEST(KeptOverridesTest, KeepsPoliciesAndPersistentFaultsByAge) {
  model::ServerRecord server;
  server.id = "web";
  server.overrides.rules["a"] = Policy("a", 3);
  server.overrides.rules["b"] = Fault("b", 2, true);
  server.overrides.rules["c"] = Fault("c", 1, false);
  KeptOverrides kept(server);
  EXPECT_THAT(NamesIn(kept), ElementsAre("b", "a"));
  kept.Put(Policy("d", 4));
  kept.Remove(names::FormatRuleName("web", "b"));
  kept.Remove(names::FormatRuleName("web", "none"));
  EXPECT_THAT(NamesIn(kept), ElementsAre("a", "d"));
}

TEST(KeptOverridesTest, DropsARuleThatBecomesAFault) {
  KeptOverrides kept{model::ServerRecord()};
  kept.Put(Policy("a", 1));
  kept.Put(Fault("a", 1, false));
  EXPECT_THAT(NamesIn(kept), IsEmpty());
  EXPECT_EQ(kept.Serialize(), "");
}

TEST(KeptOverridesTest, IgnoresPartsThatOnlyARunningServerHas) {
  KeptOverrides kept{model::ServerRecord()};
  kept.Put(Policy("a", 1));
  const std::string before = kept.Serialize();
  model::RuleRecord again = Policy("a", 1);
  again.resource.set_etag("another");
  again.resource.mutable_counters()->set_hit_count(17);
  *again.resource.mutable_update_time() = translate::ToProto(absl::Now());
  again.resource.add_warnings();
  kept.Put(again);
  EXPECT_EQ(kept.Serialize(), before);
  again.resource.set_priority(5);
  kept.Put(again);
  EXPECT_NE(kept.Serialize(), before);
}

TEST(KeptOverridesTest, KeepsTheHandlerTable) {
  model::ServerRecord server;
  server.overrides.assignments.emplace_back().set_implementation("stock");
  KeptOverrides kept(server);
  state::v1::Overrides overrides;
  ASSERT_TRUE(overrides.ParseFromString(kept.Serialize()));
  ASSERT_EQ(overrides.assignments_size(), 1);
  EXPECT_EQ(overrides.assignments(0).implementation(), "stock");
  kept.SetAssignments({});
  EXPECT_EQ(kept.Serialize(), "");
}

}  // namespace
}  // namespace goferd::gofers
