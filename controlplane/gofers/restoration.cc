#include "controlplane/gofers/restoration.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "controlplane/config/bounds.h"
#include "controlplane/gofers/gofer_starter.h"
#include "controlplane/gofers/kept_overrides.h"
#include "controlplane/gofers/kept_server.h"
#include "controlplane/gofers/rule_frames.h"
#include "controlplane/names/resource_name.h"
#include "controlplane/translate/connection_options.h"
#include "controlplane/translate/rule_translation.h"
#include "controlplane/translate/time_conversion.h"
#include "goferd/state/v1/state.pb.h"
#include "goferd/worker/v1/frame.pb.h"
#include "server/base/log.h"
#include "server/base/text.h"

namespace goferd::gofers {
namespace {

using gofer::base::Log;
using gofer::base::MutexLock;
using model::ModelLock;

constexpr char kStock[] = "stock";
constexpr size_t kMostWord = 64;

bool IsOver(const worker::v1::Connection& connection) {
  return connection.state() == worker::v1::CONNECTION_STATE_ENDED;
}

// What goferd gave the gofer with the connection; empty when it did not.
state::v1::ConnectionState KeptOf(const model::ServerRecord& server,
                                  const worker::v1::Connection& from) {
  state::v1::ConnectionState kept;
  if (kept.ParseFromString(from.daemon_data()) &&
      kept.connection().name() ==
          names::FormatConnectionName(server.id, from.connection_id())) {
    return kept;
  }
  return {};
}

bool Expired(const admin::HandlerRule& rule) {
  return rule.has_expire_time() &&
         translate::ToTime(rule.expire_time()) <= absl::Now();
}

bool Survives(const admin::HandlerRule& rule) {
  return !Expired(rule) && (!translate::IsFault(rule) || rule.persistent());
}

std::map<std::string, const worker::v1::Rule*> RulesByUid(
    const worker::v1::AdoptResult& result) {
  std::map<std::string, const worker::v1::Rule*> rules;
  for (const worker::v1::Rule& rule : result.rules()) rules[rule.uid()] = &rule;
  return rules;
}

}  // namespace

model::ConnectionRecord& Restoration::AddConnection(
    const ModelLock& lock, model::ServerRecord& server,
    const worker::v1::Connection& from) {
  const state::v1::ConnectionState kept = KeptOf(server, from);
  admin::Connection resource = kept.connection();
  if (!kept.has_connection()) {
    resource.set_name(
        names::FormatConnectionName(server.id, from.connection_id()));
    *resource.mutable_create_time() =
        translate::UnixNanosToProto(from.create_unix_ns());
    resource.set_mount_path(from.mount_path());
    *resource.mutable_options() = translate::ToAdmin(from.options());
  }
  resource.set_uid(from.uid());
  resource.set_state(admin::Connection::PENDING_ATTACH);
  resource.set_mount_fd(translate::FirstMountFd(resource.options()));
  resource.clear_conditions();
  resource.clear_end_reason();
  resource.clear_end_detail();
  resource.clear_end_time();
  resource.clear_purge_time();
  model::ConnectionRecord& record =
      model_.AddConnection(lock, server, std::move(resource));
  record.request = kept.request();
  model_.Announce(lock, record);
  return record;
}

Restoration::Strays Restoration::RestoreConnections(
    const ModelLock& lock, model::ServerRecord& server,
    const worker::v1::AdoptResult& result) {
  Strays strays;
  // Of two with one id the one that lives is shown.
  for (const bool over : {false, true}) {
    for (const worker::v1::Connection& from : result.connections()) {
      if (IsOver(from) != over ||
          server.connections.contains(from.connection_id())) {
        continue;
      }
      model::ConnectionRecord& record = AddConnection(lock, server, from);
      events_.ApplyConnection(lock, server, from);
      RestoreTicket(lock, server, record, from);
      if (!over && model::HasEnded(record.resource.state())) {
        strays.push_back(from.uid());
      }
    }
  }
  return strays;
}

// How many tickets one gofer may have us take. Those of a server whose file
// cannot be read are few.
int64_t Restoration::MostTickets(const model::ServerRecord& server) const {
  const int32_t own = server.resource.limits().max_connections();
  if (own > 0) return own;
  return settings_.config().servers().default_limits().max_connections();
}

// A ticket that its holder has not used yet is good still. The gofer says which
// those are, and could say anything: neither may it fill the table that all
// share, nor be a ticket good for longer than any that is issued.
void Restoration::RestoreTicket(const ModelLock& lock,
                                model::ServerRecord& server,
                                model::ConnectionRecord& record,
                                const worker::v1::Connection& from) {
  // Nobody needs a ticket for what others started.
  if (from.state() != worker::v1::CONNECTION_STATE_PENDING_ATTACH ||
      server.resource.origin() != admin::Server::CREATED) {
    return;
  }
  const state::v1::ConnectionState kept = KeptOf(server, from);
  const absl::Time now = absl::Now();
  const absl::Time expire =
      std::min(absl::FromUnixNanos(kept.ticket_expire_unix_ns()),
               now + config::kMostTicketTtl);
  std::optional<admin::Peer> expected;
  if (record.resource.has_expected_peer()) {
    expected = record.resource.expected_peer();
  }
  // This one is counted already.
  const bool has_room =
      server.counts.by_state[admin::Connection::PENDING_ATTACH] <=
      MostTickets(server);
  if (expire > now && has_room &&
      tickets_.Restore(kept.ticket_sha256(),
                       {server.id, from.connection_id(), from.uid()},
                       record.resource.attach_mode(), expected, expire)) {
    return;
  }
  model_.End(lock, server, record, admin::Connection::ATTACH_TIMEOUT,
             "its ticket was not good any more when goferd came back",
             settings_.ended_retention());
}

void Restoration::PutKeptRules(const ModelLock&, model::ServerRecord& server,
                               const worker::v1::AdoptResult& result,
                               worker::v1::ChangeRules& change) {
  const auto told = RulesByUid(result);
  for (auto& [id, record] : server.overrides.rules) {
    const auto known = told.find(record.resource.uid());
    if (known != told.end()) {
      record.age_number = known->second->age_number();
      translate::SetCounters(known->second->counters(), record.resource);
    } else {
      record.age_number = server.overrides.next_rule_age++;
      *change.add_upsert() = translate::ToWorker(
          record.resource, record.age_number, server.gofer.known_mids);
    }
  }
}

// Rules that are in force and were not written down, for want of space. Faults
// are not of this kind: they go with the goferd that made them.
void Restoration::PutToldRules(const ModelLock& lock,
                               model::ServerRecord& server,
                               const worker::v1::AdoptResult& result,
                               worker::v1::ChangeRules& change) {
  std::set<std::string> uids;
  for (const auto& [id, rule] : server.overrides.rules) {
    uids.insert(rule.resource.uid());
  }
  for (const worker::v1::Rule& from : result.rules()) {
    if (uids.contains(from.uid())) continue;
    model::RuleRecord record;
    if (record.resource.ParseFromString(from.daemon_data()) &&
        record.resource.name() ==
            names::FormatRuleName(server.id, from.rule_id()) &&
        record.resource.uid() == from.uid() && Survives(record.resource) &&
        !server.overrides.rules.contains(from.rule_id())) {
      record.age_number = from.age_number();
      translate::SetCounters(from.counters(), record.resource);
      model_.PutRule(lock, server, std::move(record));
      continue;
    }
    change.add_remove_uids(from.uid());
  }
}

void Restoration::RestoreRules(const model::ServerPtr& server,
                               link::GoferLink& link,
                               const worker::v1::AdoptResult& result) {
  MutexLock overrides_lock(server->overrides_mu());
  ReadTable(server, link);
  worker::v1::ChangeRules change;
  std::optional<KeptOverrides> kept;
  {
    const ModelLock lock(model_);
    for (const worker::v1::Rule& from : result.rules()) {
      server->record(lock).overrides.next_rule_age = std::max(
          server->record(lock).overrides.next_rule_age, from.age_number() + 1);
    }
    if (server->record(lock).resource.origin() == admin::Server::CREATED) {
      PutKeptRules(lock, server->record(lock), result, change);
    }
    PutToldRules(lock, server->record(lock), result, change);
    kept.emplace(server->record(lock));
  }
  Keep(server, *kept);
  if (change.remove_uids_size() > 0) {
    Log().info("{}: {} faults that are not persistent are removed",
               server->name(), change.remove_uids_size());
  }
  Change(*server, link, std::move(change));
}

void Restoration::ReadTable(const model::ServerPtr& server,
                            link::GoferLink& link) {
  {
    const ModelLock lock(model_);
    const model::ServerRecord& record = server->record(lock);
    if (record.damage.overrides.empty() ||
        !record.Can(worker::v1::CAPABILITY_HANDLER_SWAP)) {
      return;
    }
  }
  worker::v1::ToGofer ask;
  ask.mutable_list_handlers();
  const auto answer = link.Ask(std::move(ask));
  // The link is not taken over then.
  if (!answer.ok()) return;
  std::vector<admin::HandlerAssignment> assignments;
  bool is_stock = true;
  for (const auto& row : answer->handlers().handlers()) {
    const auto& names = row.available_implementations();
    const bool has_stock =
        std::find(names.begin(), names.end(), kStock) != names.end();
    is_stock = is_stock && (row.implementation() == kStock || !has_stock);
    if (row.implementation().empty()) continue;
    admin::HandlerAssignment& assignment = assignments.emplace_back();
    assignment.set_mid(static_cast<admin::Mid>(row.mid()));
    assignment.set_implementation(
        gofer::base::PlainText(row.implementation(), kMostWord));
  }
  if (is_stock) assignments.clear();
  const ModelLock lock(model_);
  server->record(lock).overrides.assignments = std::move(assignments);
}

void Restoration::ClearDamage(const ModelLock&, model::ServerRecord& server) {
  server.damage.overrides.clear();
  if (server.damage.any()) return;
  auto& conditions = *server.resource.mutable_conditions();
  conditions.erase(std::remove_if(conditions.begin(), conditions.end(),
                                  [](const admin::Condition& condition) {
                                    return condition.type() ==
                                           admin::Condition::STATE_DAMAGED;
                                  }),
                   conditions.end());
}

void Restoration::Keep(const model::ServerPtr& server,
                       const KeptOverrides& kept) {
  bool is_damaged = false;
  {
    const ModelLock lock(model_);
    is_damaged = !server->record(lock).damage.overrides.empty();
  }
  const auto before = host_.state.ReadServerFile(server->id(), "overrides.pb");
  if (!is_damaged && kept.Serialize() == (before.ok() ? *before : "")) return;
  auto draft = store_.Draft(server, kept);
  if (draft.ok()) {
    const bool is_kept = OverridesStore::Commit(*server, *std::move(draft));
    if (!is_damaged || !is_kept) return;
    Log().info(
        "{}: its rules and handlers, which could not be read, are those "
        "of its gofer",
        server->name());
    const ModelLock lock(model_);
    return ClearDamage(lock, server->record(lock));
  }
  Log().warn("{}: its rules are not written down: {}", server->name(),
             std::string(draft.status().message()));
}

Restoration::Strays Restoration::CompareConnections(
    const ModelLock& lock, model::ServerRecord& server,
    const worker::v1::AdoptResult& result) {
  Strays strays;
  std::set<std::string> told;
  for (const worker::v1::Connection& from : result.connections()) {
    told.insert(from.uid());
    events_.ApplyConnection(lock, server, from);
    const model::ConnectionRecord* const record =
        model_.FindConnection(lock, server, from.uid());
    if (IsOver(from)) continue;
    // What others started a gofer with is not ours to end.
    const bool unknown =
        record == nullptr && server.resource.origin() == admin::Server::CREATED;
    if (unknown ||
        (record != nullptr && model::HasEnded(record->resource.state()))) {
      strays.push_back(from.uid());
    }
  }
  for (auto& [id, record] : server.connections) {
    // The gofer tells of them anew.
    if (!record.resource.conditions().empty()) {
      record.resource.clear_conditions();
      model_.Changed(lock, record);
    }
    // One that is being made or attached has a call that sees to it.
    if (!record.visible || told.contains(record.resource.uid())) continue;
    tickets_.Revoke(record.resource.uid());
    model_.End(lock, server, record, admin::Connection::INTERNAL_ERROR,
               "the gofer does not know it any more",
               settings_.ended_retention());
  }
  return strays;
}

void Restoration::CompareRules(const model::ServerPtr& server,
                               link::GoferLink& link,
                               const worker::v1::AdoptResult& result) {
  MutexLock overrides_lock(server->overrides_mu());
  worker::v1::ChangeRules change;
  {
    const ModelLock lock(model_);
    auto told = RulesByUid(result);
    std::vector<std::string> over;
    for (auto& [id, record] : server->record(lock).overrides.rules) {
      const auto known = told.find(record.resource.uid());
      if (Expired(record.resource)) {
        over.push_back(id);
        continue;
      }
      worker::v1::Rule ours =
          translate::ToWorker(record.resource, record.age_number,
                              server->record(lock).gofer.known_mids);
      if (known == told.end()) {
        *change.add_upsert() = std::move(ours);
        continue;
      }
      // It may have been replaced by what was not heard to succeed.
      if (known->second->daemon_data() == ours.daemon_data()) {
        translate::SetCounters(known->second->counters(), record.resource);
      } else {
        *change.add_upsert() = std::move(ours);
      }
      told.erase(known);
    }
    for (const std::string& id : over) {
      model_.RemoveRule(lock, server->record(lock), id);
    }
    for (const auto& [uid, rule] : told) change.add_remove_uids(uid);
  }
  Change(*server, link, std::move(change));
}

void Restoration::CompareLimits(const model::ServerPtr& server,
                                link::GoferLink& link,
                                const worker::v1::AdoptResult& result) {
  worker::v1::ToGofer ask;
  {
    const ModelLock lock(model_);
    if (server->record(lock).resource.origin() != admin::Server::CREATED ||
        !server->record(lock).Can(worker::v1::CAPABILITY_LIMITS)) {
      return;
    }
    auto& limits = *ask.mutable_set_limits()->mutable_limits();
    limits = ToWorker(server->record(lock).resource.limits());
    if (limits.SerializeAsString() == result.limits().SerializeAsString()) {
      return;
    }
  }
  const auto answer = link.Ask(std::move(ask));
  if (answer.ok()) return;
  Log().warn("{}: its gofer has not taken its limits: {}", server->name(),
             std::string(answer.status().message()));
}

void Restoration::TellDraining(const model::ServerPtr& server,
                               link::GoferLink& link) {
  worker::v1::ToGofer ask;
  {
    const ModelLock lock(model_);
    const model::ServerRecord& record = server->record(lock);
    if (!record.draining_untold) return;
    ask.mutable_set_draining()->set_draining(record.draining);
  }
  const auto answer = link.Ask(std::move(ask));
  if (!answer.ok()) {
    // The link is not taken over, or will be made anew.
    Log().warn("{}: its gofer has not been told whether it drains: {}",
               server->name(), std::string(answer.status().message()));
    return;
  }
  worker::v1::Bootstrap bootstrap;
  {
    const ModelLock lock(model_);
    model::ServerRecord& record = server->record(lock);
    record.draining_untold = false;
    bootstrap = MakeBootstrap(settings_, host_, record);
  }
  const absl::Status kept = host_.state.WriteServerFile(
      server->id(), "bootstrap.pb", bootstrap.SerializeAsString());
  if (kept.ok()) return;
  // The next goferd tells the gofer once more, which changes nothing.
  Log().warn("{}: {}", server->name(), std::string(kept.message()));
}

void Restoration::Change(const model::ServerEntry& server,
                         link::GoferLink& link,
                         worker::v1::ChangeRules change) {
  if (change.remove_uids().empty() && change.upsert().empty()) return;
  const absl::Status changed = AskToChange(link, std::move(change));
  if (changed.ok()) return;
  Log().warn("{}: its gofer has not taken its rules: {}", server.name(),
             std::string(changed.message()));
}

void Restoration::EndStrays(const Strays& strays, link::GoferLink& link) {
  for (const std::string& uid : strays) {
    worker::v1::ToGofer ask;
    auto& stop = *ask.mutable_stop_connection();
    stop.set_uid(uid);
    stop.set_mode(worker::v1::StopConnection::ABORT);
    stop.set_reason(worker::v1::END_REASON_ADMIN_STOP);
    (void)link.Ask(std::move(ask));
    if (!link.answers()) return;
  }
}

}  // namespace goferd::gofers
