#include "controlplane/gofers/kept_overrides.h"

#include <algorithm>

#include "controlplane/translate/rule_translation.h"
#include "goferd/state/v1/state.pb.h"

namespace goferd::gofers {

KeptOverrides::KeptOverrides(const model::ServerRecord& server)
    : assignments_(server.overrides.assignments) {
  for (const auto& [id, rule] : server.overrides.rules) Put(rule);
}

bool KeptOverrides::IsKept(const admin::HandlerRule& rule) {
  return !translate::IsFault(rule) || rule.persistent();
}

void KeptOverrides::Put(const model::RuleRecord& rule) {
  // It may have been one that is kept.
  Remove(rule.resource.name());
  if (IsKept(rule.resource)) rules_.emplace(rule.resource.name(), rule);
}

void KeptOverrides::Remove(absl::string_view rule_name) {
  const auto found = rules_.find(rule_name);
  if (found != rules_.end()) rules_.erase(found);
}

std::string KeptOverrides::Serialize() const {
  std::vector<const model::RuleRecord*> in_order;
  for (const auto& [name, rule] : rules_) in_order.push_back(&rule);
  // The order of their ages: that of the priorities is made again.
  std::sort(in_order.begin(), in_order.end(),
            [](const model::RuleRecord* a, const model::RuleRecord* b) {
              return a->age_number < b->age_number;
            });
  state::v1::Overrides overrides;
  for (const model::RuleRecord* record : in_order) {
    admin::HandlerRule& rule = *overrides.add_rules();
    rule = record->resource;
    // What is only output of a running server.
    rule.clear_etag();
    rule.clear_update_time();
    rule.clear_counters();
    rule.clear_warnings();
  }
  for (const auto& assignment : assignments_) {
    *overrides.add_assignments() = assignment;
  }
  const int count = overrides.rules_size() + overrides.assignments_size();
  if (count == 0) return "";
  // Two messages behind each other are one: this is how the count comes first.
  state::v1::Overrides head;
  head.set_element_count(static_cast<uint32_t>(count));
  return head.SerializeAsString() + overrides.SerializeAsString();
}

worker::v1::ChangeRules KeptOverrides::RulesOf(
    const model::ServerRecord& server) {
  worker::v1::ChangeRules change;
  for (const model::RuleRecord* record : model::Model::RulesInOrder(server)) {
    const admin::HandlerRule& rule = record->resource;
    if (!IsKept(rule)) continue;
    *change.add_upsert() =
        translate::ToWorker(rule, record->age_number, server.gofer.known_mids);
  }
  return change;
}

}  // namespace goferd::gofers
