#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"
#include "tests/support/fake_supervisor_names.h"

namespace goferd::testing {

namespace {

using admin::v1::Event;
using admin::v1::HandlerRule;
using errors::Error;
using errors::Reason;
using gofer::base::MutexLock;
using supervisor::Effect;

bool IsFault(const HandlerRule& rule) {
  switch (rule.action_case()) {
    case HandlerRule::kError:
    case HandlerRule::kDelay:
    case HandlerRule::kShortIo:
    case HandlerRule::kDisconnect:
    case HandlerRule::kHang:
      return true;
    default:
      return false;
  }
}

}  // namespace

absl::StatusOr<std::vector<admin::v1::Handler>> FakeSupervisor::ListHandlers(
    absl::string_view server_id) {
  MutexLock lock(mu_);
  if (auto status = CheckServer(server_id, ""); !status.ok()) return status;
  std::vector<admin::v1::Handler> handlers;
  for (const auto& [mid, handler] :
       servers_.at(std::string(server_id)).handlers) {
    handlers.push_back(handler);
  }
  return handlers;
}

absl::StatusOr<std::vector<admin::v1::Handler>> FakeSupervisor::SetHandlers(
    absl::string_view server_id, absl::string_view,
    const std::vector<admin::v1::HandlerAssignment>& assignments,
    Effect effect) {
  {
    MutexLock lock(mu_);
    if (auto status = StartChange(); !status.ok()) return status;
    if (auto s = CheckServer(server_id, ""); !s.ok()) return s;
    if (effect == Effect::kReal) {
      ++changes_;
      for (auto& [mid, handler] :
           servers_.at(std::string(server_id)).handlers) {
        handler.set_supported(false);
        for (const auto& assignment : assignments) {
          if (assignment.mid() != handler.mid()) continue;
          handler.set_supported(true);
          handler.set_implementation(assignment.implementation());
        }
      }
    }
  }
  return ListHandlers(server_id);
}

absl::StatusOr<admin::v1::ResetHandlersResponse> FakeSupervisor::ResetHandlers(
    absl::string_view server_id, absl::string_view,
    admin::v1::ResetHandlersRequest::Scope scope, Effect effect) {
  MutexLock lock(mu_);
  if (auto status = StartChange(); !status.ok()) return status;
  if (auto status = CheckServer(server_id, ""); !status.ok()) return status;
  admin::v1::ResetHandlersResponse response;
  for (auto it = rules_.begin(); it != rules_.end();) {
    if (!IsUnder(it->first, server_id) ||
        (scope == admin::v1::ResetHandlersRequest::FAULTS &&
         !IsFault(it->second))) {
      ++it;
      continue;
    }
    response.add_removed_handler_rules(it->first);
    if (effect == Effect::kValidateOnly) {
      ++it;
      continue;
    }
    ++changes_;
    Publish(Event::DELETED, it->second);
    it = rules_.erase(it);
  }
  return response;
}

absl::StatusOr<std::vector<HandlerRule>> FakeSupervisor::UpsertRules(
    absl::string_view server_id, const std::vector<supervisor::RuleSpec>& rules,
    Existing existing, Effect effect) {
  MutexLock lock(mu_);
  if (auto status = StartChange(); !status.ok()) return status;
  if (auto status = CheckServer(server_id, ""); !status.ok()) return status;
  std::vector<HandlerRule> made;
  for (const auto& spec : rules) {
    const std::string name = RuleName(server_id, spec.rule_id);
    const auto it = rules_.find(name);
    if (it != rules_.end() && existing == Existing::kRefuse) {
      return Error(Reason::RULE_ALREADY_EXISTS, "the id is taken");
    }
    HandlerRule rule = spec.rule;
    rule.set_name(name);
    if (it != rules_.end()) {
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
    if (is_new) rule.set_uid(NextUid());
    Touch(rule);
    rules_[rule.name()] = rule;
    Publish(is_new ? Event::ADDED : Event::MODIFIED, rule);
  }
  return made;
}

absl::StatusOr<HandlerRule> FakeSupervisor::GetRule(absl::string_view server_id,
                                                    absl::string_view rule_id) {
  MutexLock lock(mu_);
  if (auto status = CheckServer(server_id, ""); !status.ok()) return status;
  const auto it = rules_.find(RuleName(server_id, rule_id));
  if (it == rules_.end()) return Error(Reason::RULE_NOT_FOUND, "no such rule");
  return it->second;
}

absl::StatusOr<FakeSupervisor::RuleList> FakeSupervisor::ListRules(
    absl::string_view server_id) {
  MutexLock lock(mu_);
  if (server_id != "-") {
    if (auto s = CheckServer(server_id, ""); !s.ok()) return s;
  }
  RuleList list;
  for (const auto& [name, rule] : rules_) {
    if (IsUnder(name, server_id)) list.rules.push_back(rule);
  }
  list.revision = events_.revision();
  list.unreachable = unreachable_;
  return list;
}

absl::Status FakeSupervisor::DeleteRule(absl::string_view server_id,
                                        absl::string_view rule_id,
                                        absl::string_view etag, Effect effect) {
  MutexLock lock(mu_);
  if (auto status = StartChange(); !status.ok()) return status;
  if (auto status = CheckServer(server_id, ""); !status.ok()) return status;
  const auto it = rules_.find(RuleName(server_id, rule_id));
  if (it == rules_.end()) return Error(Reason::RULE_NOT_FOUND, "no such rule");
  if (auto s = CheckEtag(etag, it->second.etag()); !s.ok()) return s;
  if (effect == Effect::kValidateOnly) return absl::OkStatus();
  ++changes_;
  Publish(Event::DELETED, it->second);
  rules_.erase(it);
  return absl::OkStatus();
}

}  // namespace goferd::testing
