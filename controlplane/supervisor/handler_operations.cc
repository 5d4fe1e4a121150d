#include "controlplane/supervisor/handler_operations.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"
#include "controlplane/model/server_state.h"
#include "controlplane/names/resource_name.h"
#include "controlplane/supervisor/escapes.h"
#include "controlplane/supervisor/override_target.h"
#include "controlplane/translate/rule_translation.h"
#include "goferd/worker/v1/frame.pb.h"

namespace goferd::supervisor {
namespace {

using errors::Reason;
using gofer::base::MutexLock;
using model::ModelLock;

constexpr char kStock[] = "stock";

std::string EtagOf(const model::ServerRecord& server,
                   const worker::v1::HandlerList& table) {
  return absl::StrCat(absl::string_view(server.resource.uid()).substr(0, 8),
                      "-", server.gofer.generation, "-", table.generation());
}

bool CanMatch(const admin::HandlerRule& rule, uint32_t mid,
              const std::vector<uint32_t>& known) {
  const auto mids = translate::MidsOf(rule.match(), known);
  if (!mids) return false;
  return mids->empty() ||
         std::find(mids->begin(), mids->end(), mid) != mids->end();
}

using RuleRecords = std::vector<const model::RuleRecord*>;

admin::Handler ToRow(const model::ServerRecord& server,
                     const RuleRecords& rules,
                     const worker::v1::Handler& from) {
  admin::Handler row;
  row.set_name(names::FormatHandlerName(server.id, from.mid()));
  row.set_mid(static_cast<admin::Mid>(from.mid()));
  row.set_message_name(from.message_name());
  row.set_op_class(translate::ClassOf(from.mid()));
  row.set_mutates(from.mutates());
  row.set_supported(!from.implementation().empty());
  row.set_implementation(from.implementation());
  for (const std::string& name : from.available_implementations()) {
    row.add_available_implementations(name);
  }
  for (const model::RuleRecord* rule : rules) {
    if (CanMatch(rule->resource, from.mid(), server.gofer.known_mids)) {
      row.add_handler_rules(rule->resource.name());
    }
  }
  return row;
}

using Available = std::map<uint32_t, worker::v1::Handler>;

absl::Status CheckAssignments(
    const model::ServerRecord& server,
    const std::vector<admin::HandlerAssignment>& assignments,
    const worker::v1::HandlerList& table) {
  Available available;
  for (const auto& row : table.handlers()) available[row.mid()] = row;
  errors::FieldViolations violations;
  for (size_t i = 0; i < assignments.size(); ++i) {
    const auto mid = static_cast<uint32_t>(assignments[i].mid());
    const auto row = available.find(mid);
    if (row == available.end()) {
      violations.Add(absl::StrCat("assignments[", i, "].mid"),
                     absl::StrCat("the gofer of ", server.name(),
                                  " does not know message ", mid,
                                  ": ListHandlers has those that it knows"),
                     Reason::UNKNOWN_MID);
      continue;
    }
    const auto& names = row->second.available_implementations();
    if (std::find(names.begin(), names.end(),
                  assignments[i].implementation()) != names.end()) {
      continue;
    }
    std::string known;
    for (const std::string& name : names) {
      absl::StrAppend(&known, known.empty() ? "" : ", ", name);
    }
    violations.Add(
        absl::StrCat("assignments[", i, "].implementation"),
        absl::StrCat("not an implementation of ", row->second.message_name(),
                     "; there is: ", known));
  }
  return violations.ToStatus();
}

worker::v1::HandlerList Apply(
    worker::v1::HandlerList table,
    const std::vector<admin::HandlerAssignment>& assignments) {
  for (auto& row : *table.mutable_handlers()) {
    row.clear_implementation();
    for (const auto& assignment : assignments) {
      if (static_cast<uint32_t>(assignment.mid()) == row.mid()) {
        row.set_implementation(assignment.implementation());
      }
    }
  }
  return table;
}

std::vector<admin::HandlerAssignment> StockOf(
    const worker::v1::HandlerList& table) {
  std::vector<admin::HandlerAssignment> stock;
  for (const auto& row : table.handlers()) {
    const auto& names = row.available_implementations();
    if (std::find(names.begin(), names.end(), kStock) == names.end()) continue;
    admin::HandlerAssignment& assignment = stock.emplace_back();
    assignment.set_mid(static_cast<admin::Mid>(row.mid()));
    assignment.set_implementation(kStock);
  }
  return stock;
}

bool IsStock(const worker::v1::HandlerList& table) {
  return std::all_of(
      table.handlers().begin(), table.handlers().end(),
      [](const worker::v1::Handler& row) {
        const auto& names = row.available_implementations();
        return row.implementation() == kStock ||
               (row.implementation().empty() &&
                std::find(names.begin(), names.end(), kStock) == names.end());
      });
}

// The gofer refuses the request when its table is not `before` any more.
worker::v1::ToGofer MakeSetHandlers(
    const std::vector<admin::HandlerAssignment>& assignments,
    const worker::v1::HandlerList& before,
    std::vector<std::string> remove_rule_uids) {
  worker::v1::ToGofer ask;
  auto& set = *ask.mutable_set_handlers();
  for (const auto& assignment : assignments) {
    auto& to = *set.add_assignments();
    to.set_mid(static_cast<uint32_t>(assignment.mid()));
    to.set_implementation(assignment.implementation());
  }
  set.set_expected_generation(before.generation());
  for (std::string& uid : remove_rule_uids) {
    set.add_remove_rule_uids(std::move(uid));
  }
  return ask;
}

}  // namespace

absl::StatusOr<worker::v1::HandlerList> HandlerOperations::Read(
    link::GoferLink& link) {
  worker::v1::ToGofer ask;
  ask.mutable_list_handlers();
  auto answer = link.Ask(std::move(ask));
  if (!answer.ok()) return answer.status();
  return std::move(*answer->mutable_handlers());
}

std::vector<admin::Handler> HandlerOperations::ToRows(
    const model::ServerPtr& server, const Table& table) {
  const ModelLock lock(model_);
  const auto rules = model::Model::RulesInOrder(server->record(lock));
  std::vector<admin::Handler> rows;
  for (const auto& from : table.handlers()) {
    admin::Handler row = ToRow(server->record(lock), rules, from);
    row.set_etag(EtagOf(server->record(lock), table));
    rows.push_back(std::move(row));
  }
  return rows;
}

absl::StatusOr<std::vector<admin::Handler>> HandlerOperations::List(
    absl::string_view server_id) {
  auto found = FindOverrideTarget(model_, threads_, server_id,
                                  worker::v1::CAPABILITY_HANDLER_SWAP);
  if (!found.ok()) return found.status();
  const auto table = Read(*found->link);
  if (!table.ok()) return table.status();
  std::vector<admin::Handler> rows = ToRows(found->server, *table);
  worker::v1::ToGofer ask;
  ask.mutable_get_stats()->mutable_server_total();
  const auto stats = found->link->Ask(std::move(ask));
  if (!stats.ok()) return stats.status();
  if (stats->stats().stats().empty()) return rows;
  for (const auto& message : stats->stats().stats(0).messages()) {
    for (admin::Handler& row : rows) {
      if (static_cast<uint32_t>(row.mid()) != message.mid()) continue;
      uint64_t errors = 0;
      for (const auto& [number, count] : message.errors()) errors += count;
      row.set_call_count(static_cast<int64_t>(message.calls()));
      row.set_error_count(static_cast<int64_t>(errors));
    }
  }
  return rows;
}

absl::StatusOr<worker::v1::HandlerList> HandlerOperations::Write(
    const model::ServerPtr& server, link::GoferLink& link,
    const std::vector<admin::HandlerAssignment>& assignments,
    const Table& before, const std::vector<std::string>& remove_rules) {
  // The stock table is no table of one's own.
  std::vector<admin::HandlerAssignment> own = assignments;
  if (IsStock(Apply(before, assignments))) own.clear();
  std::optional<gofers::KeptOverrides> kept;
  std::vector<std::string> remove_uids;
  {
    const ModelLock lock(model_);
    kept.emplace(server->record(lock));
    for (const std::string& id : remove_rules) {
      const auto rule = server->record(lock).overrides.rules.find(id);
      if (rule == server->record(lock).overrides.rules.end()) continue;
      kept->Remove(rule->second.resource.name());
      remove_uids.push_back(rule->second.resource.uid());
    }
  }
  kept->SetAssignments(own);
  auto draft = store_.Draft(server, *kept);
  if (!draft.ok()) return draft.status();
  auto answer =
      link.Ask(MakeSetHandlers(assignments, before, std::move(remove_uids)));
  if (!answer.ok()) return answer.status();
  gofers::OverridesStore::Commit(*server, *std::move(draft));
  const ModelLock lock(model_);
  for (const std::string& id : remove_rules) {
    model_.RemoveRule(lock, server->record(lock), id);
  }
  server->record(lock).overrides.assignments = std::move(own);
  TellChangedRows(lock, server->record(lock), before, answer->handlers());
  return std::move(*answer->mutable_handlers());
}

void HandlerOperations::TellChangedRows(const ModelLock& lock,
                                        const model::ServerRecord& server,
                                        const Table& before,
                                        const Table& after) {
  std::map<uint32_t, std::string> former;
  for (const auto& row : before.handlers()) {
    former[row.mid()] = row.implementation();
  }
  const RuleRecords rules = model::Model::RulesInOrder(server);
  for (const auto& row : after.handlers()) {
    if (former[row.mid()] == row.implementation()) continue;
    admin::Handler handler = ToRow(server, rules, row);
    handler.set_etag(EtagOf(server, after));
    model_.HandlerChanged(lock, std::move(handler));
  }
}

absl::StatusOr<admin::SetHandlersResponse> HandlerOperations::Set(
    absl::string_view server_id, absl::string_view etag,
    const std::vector<admin::HandlerAssignment>& assignments, Effect effect,
    Escapes escapes) {
  auto found = FindOverrideTarget(model_, threads_, server_id,
                                  worker::v1::CAPABILITY_HANDLER_SWAP);
  if (!found.ok()) return found.status();
  MutexLock overrides_lock(found->server->overrides_mu());
  auto before = Read(*found->link);
  if (!before.ok()) return before.status();
  {
    const ModelLock lock(model_);
    const std::string present = EtagOf(found->server->record(lock), *before);
    if (!etag.empty() && etag != absl::string_view(present)) {
      return model::EtagMismatch(
          absl::StrCat(found->server->name(), "/handlers"), present);
    }
    absl::Status status =
        CheckAssignments(found->server->record(lock), assignments, *before);
    if (!status.ok()) return status;
  }
  Table after = Apply(*before, assignments);
  admin::SetHandlersResponse response;
  if (!IsStock(after)) {
    const ModelLock lock(model_);
    *response.mutable_warnings() = WarningsOfTable(found->server->record(lock));
    if (escapes == Escapes::kRefuse) {
      absl::Status none =
          CheckNoEscapes(absl::StrCat(found->server->name(), "/handlers"),
                         response.warnings());
      if (!none.ok()) return none;
    }
  }
  if (effect == Effect::kReal) {
    auto written = Write(found->server, *found->link, assignments, *before, {});
    if (!written.ok()) return written.status();
    after = *std::move(written);
  }
  const std::vector<admin::Handler> rows = ToRows(found->server, after);
  response.mutable_handlers()->Assign(rows.begin(), rows.end());
  return response;
}

absl::StatusOr<admin::ResetHandlersResponse> HandlerOperations::Reset(
    absl::string_view server_id, absl::string_view etag,
    admin::ResetHandlersRequest::Scope scope, Effect effect) {
  const bool all = scope == admin::ResetHandlersRequest::ALL;
  auto found =
      FindOverrideTarget(model_, threads_, server_id,
                         worker::v1::CAPABILITY_RULES, DeadGofer::kWillDo);
  if (!found.ok()) return found.status();
  MutexLock overrides_lock(found->server->overrides_mu());
  // A table has no etag without a gofer.
  if (all && found->link == nullptr) return GiveUpAll(found->server, effect);
  if (found->link == nullptr) return RemoveRules(*found, all, effect);
  const auto before = Read(*found->link);
  if (!before.ok()) return before.status();
  {
    const ModelLock lock(model_);
    const std::string present = EtagOf(found->server->record(lock), *before);
    if (!etag.empty() && etag != absl::string_view(present)) {
      return model::EtagMismatch(
          absl::StrCat(found->server->name(), "/handlers"), present);
    }
  }
  if (all && !IsStock(*before)) {
    return ResetAll(found->server, *found->link, *before, effect);
  }
  return RemoveRules(*found, all, effect);
}

absl::StatusOr<admin::ResetHandlersResponse> HandlerOperations::GiveUpAll(
    const model::ServerPtr& server, Effect effect) {
  admin::ResetHandlersResponse response;
  std::optional<gofers::KeptOverrides> kept;
  std::vector<std::string> ids;
  {
    const ModelLock lock(model_);
    kept.emplace(server->record(lock));
    for (const model::RuleRecord* rule :
         model::Model::RulesInOrder(server->record(lock))) {
      const std::string& name = rule->resource.name();
      response.add_removed_handler_rules(name);
      ids.push_back(names::IdOf(name));
      kept->Remove(name);
    }
  }
  kept->SetAssignments({});
  if (effect == Effect::kValidateOnly) return response;
  auto draft = store_.Draft(server, *kept);
  if (!draft.ok()) return draft.status();
  if (!gofers::OverridesStore::Commit(*server, *std::move(draft))) {
    return errors::Error(Reason::INTERNAL_FAULT,
                         absl::StrCat("the rules of ", server->name(),
                                      " cannot be removed from the disk"));
  }
  const ModelLock lock(model_);
  model::ServerRecord& record = server->record(lock);
  for (const std::string& id : ids) model_.RemoveRule(lock, record, id);
  record.overrides.assignments.clear();
  // The next gofer is started when Restarter looks at it again.
  record.damage.overrides.clear();
  return response;
}

absl::StatusOr<admin::ResetHandlersResponse> HandlerOperations::RemoveRules(
    const OverrideTarget& target, bool all, Effect effect) {
  auto removed = rules_.RemoveIf(
      target.server, target.link,
      [all](const admin::HandlerRule& rule) {
        return all || translate::IsFault(rule);
      },
      effect);
  if (!removed.ok()) return removed.status();
  admin::ResetHandlersResponse response;
  for (std::string& name : *removed) {
    response.add_removed_handler_rules(std::move(name));
  }
  return response;
}

absl::StatusOr<admin::ResetHandlersResponse> HandlerOperations::ResetAll(
    const model::ServerPtr& server, link::GoferLink& link, const Table& before,
    Effect effect) {
  admin::ResetHandlersResponse response;
  std::vector<std::string> rules;
  {
    const ModelLock lock(model_);
    for (const model::RuleRecord* rule :
         model::Model::RulesInOrder(server->record(lock))) {
      const std::string& name = rule->resource.name();
      response.add_removed_handler_rules(name);
      rules.push_back(names::IdOf(name));
    }
  }
  const auto stock = StockOf(before);
  const Table after = Apply(before, stock);
  for (int i = 0; i < after.handlers_size(); ++i) {
    if (after.handlers(i).implementation() !=
        before.handlers(i).implementation()) {
      response.add_changed_mids(
          static_cast<admin::Mid>(after.handlers(i).mid()));
    }
  }
  if (effect == Effect::kValidateOnly) return response;
  const auto written = Write(server, link, stock, before, rules);
  if (!written.ok()) return written.status();
  return response;
}

}  // namespace goferd::supervisor
