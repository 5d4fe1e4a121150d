#include "controlplane/supervisor/rule_operations.h"

#include <sys/random.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"
#include "controlplane/link/fan_out.h"
#include "controlplane/link/paged_lists.h"
#include "controlplane/model/server_state.h"
#include "controlplane/names/resource_name.h"
#include "controlplane/supervisor/escapes.h"
#include "controlplane/supervisor/override_target.h"
#include "controlplane/translate/rule_translation.h"
#include "controlplane/translate/time_conversion.h"
#include "controlplane/translate/uuid.h"
#include "goferd/worker/v1/frame.pb.h"
#include "server/base/log.h"

namespace goferd::supervisor {
namespace {

using errors::Reason;
using gofer::base::MutexLock;
using model::ModelLock;

absl::Status NoRule(absl::string_view server_id, absl::string_view rule_id) {
  const std::string name = names::FormatRuleName(server_id, rule_id);
  return errors::Error(Reason::RULE_NOT_FOUND,
                       absl::StrCat("there is no rule ", name,
                                    ": ListHandlerRules has those that there "
                                    "are"),
                       {{"resource", name}});
}

uint64_t RandomSeed() {
  uint64_t seed = 0;
  (void)!::getrandom(&seed, sizeof(seed), 0);
  return seed;
}

void FillDefaults(absl::Time now, admin::HandlerRule& rule) {
  if (rule.has_ttl()) {
    const absl::Time expire = now + translate::ToDuration(rule.ttl());
    *rule.mutable_expire_time() = translate::ToProto(expire);
  }
  if (!rule.trigger().has_seed()) {
    rule.mutable_trigger()->set_seed(RandomSeed());
  }
  if (rule.trigger().max_active() == 0) {
    rule.mutable_trigger()->set_max_active(16);
  }
}

absl::Status CheckMids(const model::ServerRecord& server,
                       const std::vector<RuleSpec>& specs, Existing existing) {
  const auto& known = server.gofer.known_mids;
  errors::FieldViolations violations;
  for (size_t i = 0; i < specs.size(); ++i) {
    const auto& mids = specs[i].rule.match().mids();
    // Only a batch replaces rules.
    const std::string rule = existing == Existing::kReplace
                                 ? absl::StrCat("handler_rules[", i, "]")
                                 : "handler_rule";
    for (int j = 0; j < mids.size(); ++j) {
      if (std::find(known.begin(), known.end(),
                    static_cast<uint32_t>(mids[j])) != known.end()) {
        continue;
      }
      violations.Add(absl::StrCat(rule, ".match.mids[", j, "]"),
                     absl::StrCat("the gofer of ", server.name(),
                                  " does not know message ", mids[j],
                                  ": ListHandlers has those that it knows"),
                     Reason::UNKNOWN_MID);
    }
  }
  return violations.ToStatus();
}

}  // namespace

absl::StatusOr<model::RuleRecord> RuleOperations::Complete(
    const ModelLock&, model::ServerRecord& server, const RuleSpec& spec,
    Existing existing) {
  const std::string name = names::FormatRuleName(server.id, spec.rule_id);
  model::RuleRecord record{spec.rule, 0};
  admin::HandlerRule& rule = record.resource;
  rule.set_name(name);
  rule.clear_counters();
  rule.clear_warnings();
  const absl::Time now = absl::Now();
  FillDefaults(now, rule);
  const auto found = server.overrides.rules.find(spec.rule_id);
  if (found == server.overrides.rules.end()) {
    if (!spec.etag.empty()) {
      return errors::Error(
          Reason::ETAG_MISMATCH,
          absl::StrCat(name, " is gone: make it anew without an etag"),
          {{"resource", name}});
    }
    rule.set_uid(translate::NewUuid());
    *rule.mutable_create_time() = translate::ToProto(now);
    record.age_number = server.overrides.next_rule_age++;
    return record;
  }
  const admin::HandlerRule& former = found->second.resource;
  if (existing == Existing::kRefuse) {
    return errors::Error(Reason::RULE_ALREADY_EXISTS,
                         absl::StrCat("there is a rule ", name,
                                      ": take another id, or delete it"),
                         {{"resource", name}});
  }
  if (!spec.etag.empty() && spec.etag != former.etag()) {
    return model::EtagMismatch(name, former.etag());
  }
  rule.set_uid(former.uid());
  *rule.mutable_create_time() = former.create_time();
  record.age_number = found->second.age_number;
  return record;
}

absl::StatusOr<std::vector<model::RuleRecord>> RuleOperations::CompleteAll(
    const ModelLock& lock, model::ServerRecord& server,
    const std::vector<RuleSpec>& specs, Existing existing) {
  if (absl::Status known = CheckMids(server, specs, existing); !known.ok()) {
    return known;
  }
  std::vector<model::RuleRecord> records;
  std::set<std::string> new_ids;
  for (const RuleSpec& spec : specs) {
    auto record = Complete(lock, server, spec, existing);
    if (!record.ok()) return record.status();
    if (!server.overrides.rules.contains(spec.rule_id)) {
      new_ids.insert(spec.rule_id);
    }
    records.push_back(*std::move(record));
  }
  const auto limit =
      static_cast<size_t>(settings_.config().servers().max_handler_rules());
  const size_t count = server.overrides.rules.size() + new_ids.size();
  if (count <= limit) return records;
  return errors::Error(
      Reason::RULE_LIMIT,
      absl::StrCat(server.name(), " would have ", count, " rules, of ", limit,
                   " that it may have: delete some"),
      {{"resource", server.name()},
       {"limit", absl::StrCat(limit)},
       {"used", absl::StrCat(server.overrides.rules.size())}});
}

absl::StatusOr<std::vector<admin::HandlerRule>> RuleOperations::Upsert(
    absl::string_view server_id, const std::vector<RuleSpec>& rules,
    Existing existing, Effect effect, Escapes escapes) {
  auto found = FindOverrideTarget(model_, threads_, server_id,
                                  worker::v1::CAPABILITY_RULES);
  if (!found.ok()) return found.status();
  const model::ServerPtr server = found->server;
  MutexLock overrides_lock(server->overrides_mu());
  std::vector<model::RuleRecord> records;
  std::optional<gofers::KeptOverrides> kept;
  worker::v1::ToGofer ask;
  {
    const ModelLock lock(model_);
    auto completed = CompleteAll(lock, server->record(lock), rules, existing);
    if (!completed.ok()) return completed.status();
    records = *std::move(completed);
    kept.emplace(server->record(lock));
    const RuleWarner warner(server->record(lock));
    for (model::RuleRecord& record : records) {
      if (escapes == Escapes::kRefuse) {
        // On a copy: what is kept of a rule has no warnings, which grow stale.
        HandlerRule probe = record.resource;
        warner.Warn(probe);
        absl::Status none = CheckNoEscapes(probe.name(), probe.warnings());
        if (!none.ok()) return none;
      }
      kept->Put(record);
      *ask.mutable_change_rules()->add_upsert() =
          translate::ToWorker(record.resource, record.age_number,
                              server->record(lock).gofer.known_mids);
    }
  }
  if (effect == Effect::kReal) {
    auto draft = store_.Draft(server, *kept);
    if (!draft.ok()) return draft.status();
    const auto answer = found->link->Ask(std::move(ask));
    if (!answer.ok()) return answer.status();
    gofers::OverridesStore::Commit(*server, *std::move(draft));
  }
  const ModelLock lock(model_);
  return PutAll(lock, server->record(lock), std::move(records), effect);
}

std::vector<admin::HandlerRule> RuleOperations::PutAll(
    const ModelLock& lock, model::ServerRecord& server,
    std::vector<model::RuleRecord> records, Effect effect) {
  std::vector<admin::HandlerRule> made;
  const RuleWarner warner(server);
  for (model::RuleRecord& record : records) {
    if (effect == Effect::kReal) {
      model_.PutRule(lock, server, record);
      const std::string id = names::IdOf(record.resource.name());
      record = server.overrides.rules[id];
    }
    warner.Warn(record.resource);
    record.resource.mutable_counters();
    made.push_back(std::move(record.resource));
  }
  return made;
}

bool RuleOperations::Refresh(const model::ServerPtr& server,
                             absl::Duration timeout) {
  std::shared_ptr<link::GoferLink> link;
  {
    const ModelLock lock(model_);
    if (server->record(lock).overrides.rules.empty()) return true;
    link = server->record(lock).link.current;
  }
  if (link == nullptr) return false;
  worker::v1::ListRules list;
  list.set_without_daemon_data(true);
  const link::FanOut deadline(timeout);
  const absl::Status read = link::PagedLists::Rules(
      *link, list, [&] { return deadline.time_left(); },
      [&](const worker::v1::RuleList& page) {
        TakeCounters(*server, page);
        return true;
      });
  return read.ok();
}

void RuleOperations::TakeCounters(model::ServerEntry& server,
                                  const worker::v1::RuleList& page) {
  const ModelLock lock(model_);
  std::map<std::string, admin::HandlerRule*> by_uid;
  for (auto& [id, rule] : server.record(lock).overrides.rules) {
    by_uid[rule.resource.uid()] = &rule.resource;
  }
  for (const worker::v1::Rule& rule : page.rules()) {
    const auto known = by_uid.find(rule.uid());
    if (known != by_uid.end()) {
      translate::SetCounters(rule.counters(), *known->second);
    }
  }
}

absl::StatusOr<admin::HandlerRule> RuleOperations::Get(
    absl::string_view server_id, absl::string_view rule_id) {
  model::ServerPtr server;
  {
    const ModelLock lock(model_);
    server = model_.Find(lock, server_id);
    if (server == nullptr) return model::Model::NoServer(server_id);
    if (!server->record(lock).overrides.rules.contains(rule_id)) {
      return NoRule(server_id, rule_id);
    }
  }
  Refresh(server, settings_.control_timeout());
  const ModelLock lock(model_);
  const auto found = server->record(lock).overrides.rules.find(rule_id);
  if (found == server->record(lock).overrides.rules.end()) {
    return NoRule(server_id, rule_id);
  }
  admin::HandlerRule rule = found->second.resource;
  RuleWarner(server->record(lock)).Warn(rule);
  return rule;
}

absl::StatusOr<RuleList> RuleOperations::List(const names::ServerScope& scope) {
  std::vector<model::ServerPtr> servers;
  {
    const ModelLock lock(model_);
    for (const auto& [id, server] : model_.servers(lock)) {
      if (scope.Includes(id)) servers.push_back(server);
    }
  }
  if (servers.empty() && !scope.is_all()) {
    return model::Model::NoServer(scope.id());
  }
  // Not vector<bool>: several threads write.
  std::vector<char> refreshed(servers.size(), 0);
  const link::FanOut fan_out(settings_.control_timeout());
  fan_out.Run(servers.size(), [&](size_t i) {
    refreshed[i] = Refresh(servers[i], fan_out.time_left()) ? 1 : 0;
  });
  RuleList list;
  // One moment for the rules and the revision, servers that came meanwhile
  // included: who watches from there on misses nothing, nor hears it twice.
  const ModelLock lock(model_);
  list.revision = model_.events().revision();
  for (size_t i = 0; i < servers.size(); ++i) {
    if (refreshed[i] == 0) list.unreachable.push_back(servers[i]->name());
  }
  for (const auto& [id, server] : model_.servers(lock)) {
    if (!scope.Includes(id) || server->record(lock).overrides.rules.empty()) {
      continue;
    }
    const RuleWarner warner(server->record(lock));
    for (const model::RuleRecord* rule :
         model::Model::RulesInOrder(server->record(lock))) {
      list.rules.push_back(rule->resource);
      warner.Warn(list.rules.back());
    }
  }
  return list;
}

absl::Status RuleOperations::Delete(absl::string_view server_id,
                                    absl::string_view rule_id,
                                    absl::string_view etag, Effect effect) {
  auto found =
      FindOverrideTarget(model_, threads_, server_id,
                         worker::v1::CAPABILITY_RULES, DeadGofer::kWillDo);
  if (!found.ok()) return found.status();
  MutexLock overrides_lock(found->server->overrides_mu());
  {
    const ModelLock lock(model_);
    const auto rule = found->server->record(lock).overrides.rules.find(rule_id);
    if (rule == found->server->record(lock).overrides.rules.end()) {
      return NoRule(server_id, rule_id);
    }
    const std::string& present = rule->second.resource.etag();
    if (!etag.empty() && etag != absl::string_view(present)) {
      return model::EtagMismatch(names::FormatRuleName(server_id, rule_id),
                                 present);
    }
  }
  const std::string name = names::FormatRuleName(server_id, rule_id);
  return RemoveIf(
             found->server, found->link,
             [&](const admin::HandlerRule& rule) {
               return rule.name() == name;
             },
             effect)
      .status();
}

absl::StatusOr<std::vector<std::string>> RuleOperations::RemoveIf(
    const model::ServerPtr& server, std::shared_ptr<link::GoferLink> link,
    absl::FunctionRef<bool(const admin::HandlerRule&)> which, Effect effect) {
  std::vector<std::string> removed;
  std::vector<std::string> ids;
  std::optional<gofers::KeptOverrides> kept;
  worker::v1::ToGofer ask;
  {
    const ModelLock lock(model_);
    kept.emplace(server->record(lock));
    for (const model::RuleRecord* rule :
         model::Model::RulesInOrder(server->record(lock))) {
      if (!which(rule->resource)) continue;
      kept->Remove(rule->resource.name());
      removed.push_back(rule->resource.name());
      ids.push_back(names::IdOf(rule->resource.name()));
      ask.mutable_change_rules()->add_remove_uids(rule->resource.uid());
    }
  }
  if (removed.empty() || effect == Effect::kValidateOnly) return removed;
  auto draft = store_.Draft(server, *kept);
  if (!draft.ok()) return draft.status();
  if (link != nullptr) {
    const auto answer = link->Ask(std::move(ask));
    if (!answer.ok()) return answer.status();
  }
  const bool is_kept =
      gofers::OverridesStore::Commit(*server, *std::move(draft));
  // The file is the only place where they are without a gofer.
  if (link == nullptr && !is_kept) {
    return errors::Error(Reason::INTERNAL_FAULT,
                         absl::StrCat("the rules of ", server->name(),
                                      " cannot be written down"));
  }
  const ModelLock lock(model_);
  for (const std::string& id : ids) {
    model_.RemoveRule(lock, server->record(lock), id);
  }
  return removed;
}

}  // namespace goferd::supervisor
