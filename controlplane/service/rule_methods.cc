#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "controlplane/auth/methods.h"
#include "controlplane/errors/error.h"
#include "controlplane/service/effect.h"
#include "controlplane/service/field_checks.h"
#include "controlplane/service/handler_methods.h"
#include "controlplane/service/paging.h"
#include "controlplane/service/resource_filters.h"
#include "controlplane/service/rule_checks.h"
#include "controlplane/service/rule_position.h"
#include "controlplane/supervisor/rule_spec.h"

namespace goferd::service {
namespace {

using admin::BatchUpsertHandlerRulesResponse;
using admin::HandlerRule;
using admin::ListHandlerRulesResponse;
using errors::FieldViolations;
using google::protobuf::Empty;
using supervisor::RuleSpec;

constexpr int kMostRules = 250;

// Takes the parts of a rule that a caller may set.
RuleSpec SpecOf(std::string rule_id, HandlerRule rule, std::string etag) {
  rule.clear_name();
  rule.clear_uid();
  rule.clear_etag();
  rule.clear_create_time();
  rule.clear_update_time();
  rule.clear_counters();
  rule.clear_warnings();
  return {std::move(rule_id), std::move(rule), std::move(etag)};
}

std::vector<RuleSpec> CheckRules(
    FieldViolations& violations,
    const admin::BatchUpsertHandlerRulesRequest& request,
    const std::string& server_id) {
  std::vector<RuleSpec> specs;
  if (request.handler_rules().empty() ||
      request.handler_rules_size() > kMostRules) {
    violations.Add("handler_rules",
                   absl::StrCat("must be 1 to ", kMostRules, " rules"));
    return specs;
  }
  const absl::Time now = absl::Now();
  std::set<std::string> seen;
  for (int i = 0; i < request.handler_rules_size(); ++i) {
    const HandlerRule& rule = request.handler_rules(i);
    const std::string field = absl::StrCat("handler_rules[", i, "]");
    const std::string name_field = absl::StrCat(field, ".name");
    const names::ChildName name =
        CheckRuleName(violations, name_field, rule.name());
    if (!name.id.empty()) {
      if (!server_id.empty() && name.server_id != server_id) {
        violations.Add(name_field,
                       absl::StrCat("must be one of ",
                                    names::FormatServerName(server_id)));
      } else if (!seen.insert(name.id).second) {
        violations.Add(name_field, "must not be named twice");
      }
    }
    CheckRule(violations, field, rule, server_id, now);
    specs.push_back(SpecOf(name.id, rule, rule.etag()));
  }
  return specs;
}

}  // namespace

absl::StatusOr<HandlerRule> HandlerMethods::CreateHandlerRule(
    const CallContext& context,
    const admin::CreateHandlerRuleRequest& request) {
  FieldViolations violations;
  const std::string server_id =
      CheckServerName(violations, "parent", request.parent());
  CheckId(violations, "handler_rule_id", request.handler_rule_id());
  if (request.has_handler_rule()) {
    CheckRule(violations, "handler_rule", request.handler_rule(), server_id,
              absl::Now());
  } else {
    violations.Add("handler_rule", "must be set");
  }
  CheckRequestId(violations, "request_id", request.request_id());
  if (!violations.empty()) return violations.ToStatus();
  return request_ids_.Once<HandlerRule>(
      auth::methods::kCreateHandlerRule, context, request,
      [&]() -> absl::StatusOr<HandlerRule> {
        auto rules = rules_.Upsert(
            server_id,
            {SpecOf(request.handler_rule_id(), request.handler_rule(), "")},
            supervisor::Existing::kRefuse, EffectOf(request),
            EscapesOf(request));
        if (!rules.ok()) return rules.status();
        return std::move(rules->front());
      });
}

absl::StatusOr<HandlerRule> HandlerMethods::GetHandlerRule(
    const CallContext&, const admin::GetHandlerRuleRequest& request) {
  FieldViolations violations;
  const names::ChildName name =
      CheckRuleName(violations, "name", request.name());
  if (!violations.empty()) return violations.ToStatus();
  return rules_.Get(name.server_id, name.id);
}

absl::StatusOr<ListHandlerRulesResponse> HandlerMethods::ListHandlerRules(
    const CallContext&, const admin::ListHandlerRulesRequest& request) {
  FieldViolations violations;
  const std::string server_id = CheckServerName(
      violations, "parent", request.parent(), names::Wildcard::kAllowed);
  Page page(violations, request.page_size(), request.page_token(),
            PageScope(auth::methods::kListHandlerRules, request.parent(),
                      request.filter()));
  const Filter filter =
      CheckFilter(violations, request.filter(), RuleFilterSchema());
  if (!violations.empty()) return violations.ToStatus();
  auto list = rules_.List(names::ServerScope(server_id));
  if (!list.ok()) return list.status();
  const auto position = RulePosition::Parse(page.after());
  ListHandlerRulesResponse response;
  for (size_t i = position ? position->FindIn(list->rules) : 0;
       i < list->rules.size(); ++i) {
    HandlerRule& rule = list->rules[i];
    if (!Matches(filter, rule)) continue;
    if (!page.Take(RulePosition(rule).ToString(), rule.ByteSizeLong())) break;
    *response.add_handler_rules() = std::move(rule);
  }
  response.set_next_page_token(page.next_token());
  response.set_revision(list->revision);
  response.mutable_unreachable()->Assign(list->unreachable.begin(),
                                         list->unreachable.end());
  return response;
}

absl::StatusOr<Empty> HandlerMethods::DeleteHandlerRule(
    const CallContext& context,
    const admin::DeleteHandlerRuleRequest& request) {
  FieldViolations violations;
  const names::ChildName name =
      CheckRuleName(violations, "name", request.name());
  CheckRequestId(violations, "request_id", request.request_id());
  if (!violations.empty()) return violations.ToStatus();
  return request_ids_.Once<Empty>(
      auth::methods::kDeleteHandlerRule, context, request,
      [&]() -> absl::StatusOr<Empty> {
        const absl::Status status = rules_.Delete(
            name.server_id, name.id, request.etag(), EffectOf(request));
        const bool is_missing =
            errors::ReasonOf(status) == errors::Reason::RULE_NOT_FOUND;
        if (status.ok() || (is_missing && request.allow_missing())) {
          return Empty();
        }
        return status;
      });
}

absl::StatusOr<BatchUpsertHandlerRulesResponse>
HandlerMethods::BatchUpsertHandlerRules(
    const CallContext& context,
    const admin::BatchUpsertHandlerRulesRequest& request) {
  FieldViolations violations;
  const std::string server_id =
      CheckServerName(violations, "parent", request.parent());
  const std::vector<RuleSpec> specs =
      CheckRules(violations, request, server_id);
  CheckRequestId(violations, "request_id", request.request_id());
  if (!violations.empty()) return violations.ToStatus();
  using Response = BatchUpsertHandlerRulesResponse;
  return request_ids_.Once<Response>(
      auth::methods::kBatchUpsertHandlerRules, context, request,
      [&]() -> absl::StatusOr<Response> {
        const auto rules =
            rules_.Upsert(server_id, specs, supervisor::Existing::kReplace,
                          EffectOf(request), EscapesOf(request));
        if (!rules.ok()) return rules.status();
        Response response;
        response.mutable_handler_rules()->Assign(rules->begin(), rules->end());
        return response;
      });
}

}  // namespace goferd::service
