#include "tests/support/fake_rules.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"

namespace goferd::testing {
namespace {

using admin::v1::Connection;
using admin::v1::Event;
using admin::v1::HandlerRule;
using admin::v1::Server;
using errors::Error;
using errors::Reason;
using gofer::base::MutexLock;
using supervisor::Effect;

}  // namespace

absl::StatusOr<std::vector<HandlerRule>> FakeRules::Upsert(
    absl::string_view server_id, const std::vector<supervisor::RuleSpec>& rules,
    supervisor::Existing existing, Effect effect, supervisor::Escapes escapes) {
  MutexLock lock(state_.mu);
  state_.escapes = escapes;
  if (auto status = state_.StartChange(); !status.ok()) return status;
  if (auto status = state_.CheckServer(server_id, ""); !status.ok())
    return status;
  std::vector<HandlerRule> made;
  for (const auto& spec : rules) {
    const std::string name = names::FormatRuleName(server_id, spec.rule_id);
    const auto it = state_.rules.find(name);
    if (it != state_.rules.end() && existing == supervisor::Existing::kRefuse) {
      return Error(Reason::RULE_ALREADY_EXISTS, "the id is taken");
    }
    HandlerRule rule = spec.rule;
    rule.set_name(name);
    if (it != state_.rules.end()) {
      if (auto s = CheckEtag(spec.etag, it->second.etag()); !s.ok()) return s;
      rule.set_uid(it->second.uid());
    } else if (!spec.etag.empty()) {
      return Error(Reason::ETAG_MISMATCH, "the rule is gone");
    }
    made.push_back(rule);
  }
  if (effect == Effect::kValidateOnly) return made;
  for (HandlerRule& rule : made) {
    const bool is_new = rule.uid().empty();
    if (is_new) rule.set_uid(state_.NextUid());
    state_.Touch(rule);
    state_.rules[rule.name()] = rule;
    state_.Publish(is_new ? Event::ADDED : Event::MODIFIED, rule);
  }
  return made;
}

absl::StatusOr<HandlerRule> FakeRules::Get(absl::string_view server_id,
                                           absl::string_view rule_id) {
  MutexLock lock(state_.mu);
  if (auto status = state_.CheckServer(server_id, ""); !status.ok())
    return status;
  const auto it = state_.rules.find(names::FormatRuleName(server_id, rule_id));
  if (it == state_.rules.end())
    return Error(Reason::RULE_NOT_FOUND, "no such rule");
  return it->second;
}

absl::StatusOr<supervisor::RuleList> FakeRules::List(
    const names::ServerScope& servers) {
  MutexLock lock(state_.mu);
  if (!servers.is_all()) {
    if (auto s = state_.CheckServer(servers.id(), ""); !s.ok()) return s;
  }
  supervisor::RuleList list;
  for (const auto& [name, rule] : state_.rules) {
    if (IsUnder(name, servers)) list.rules.push_back(rule);
  }
  list.revision = state_.events.revision();
  list.unreachable = state_.unreachable;
  return list;
}

absl::Status FakeRules::Delete(absl::string_view server_id,
                               absl::string_view rule_id,
                               absl::string_view etag, Effect effect) {
  MutexLock lock(state_.mu);
  if (auto status = state_.StartChange(); !status.ok()) return status;
  if (auto status = state_.CheckServer(server_id, ""); !status.ok())
    return status;
  const auto it = state_.rules.find(names::FormatRuleName(server_id, rule_id));
  if (it == state_.rules.end())
    return Error(Reason::RULE_NOT_FOUND, "no such rule");
  if (auto s = CheckEtag(etag, it->second.etag()); !s.ok()) return s;
  if (effect == Effect::kValidateOnly) return absl::OkStatus();
  ++state_.changes;
  state_.Publish(Event::DELETED, it->second);
  state_.rules.erase(it);
  return absl::OkStatus();
}

}  // namespace goferd::testing
