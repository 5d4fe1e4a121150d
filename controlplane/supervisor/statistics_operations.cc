#include "controlplane/supervisor/statistics_operations.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"
#include "controlplane/link/paged_lists.h"
#include "controlplane/model/server_state.h"
#include "controlplane/names/resource_name.h"
#include "controlplane/translate/stats_translation.h"
#include "controlplane/translate/time_conversion.h"
#include "server/base/log.h"

namespace goferd::supervisor {
namespace {

using errors::Reason;
using gofer::base::Log;
using model::ModelLock;

constexpr size_t kTopHolders = 10;

int64_t FdsOf(const worker::v1::Stats& stats) {
  return static_cast<int64_t>(stats.control_fd_count() + stats.open_fd_count() +
                              stats.bound_socket_fd_count());
}

absl::Status NoSuchConnection(absl::string_view server_id,
                              absl::string_view connection_id) {
  const std::string name =
      names::FormatConnectionName(server_id, connection_id);
  return errors::Error(Reason::CONNECTION_NOT_FOUND,
                       absl::StrCat("there is no connection ", name),
                       {{"resource", name}});
}

// Of one whose turn did not come in time.
absl::Status NotAsked() {
  return errors::Error(Reason::GOFER_UNREACHABLE,
                       "other gofers took all the time: try again");
}

// What is known of a connection besides its counters.
void SetFacts(const admin::Connection& connection, admin::Stats& stats) {
  stats.set_name(connection.name());
  stats.set_uid(connection.uid());
  *stats.mutable_start_time() = connection.create_time();
  stats.mutable_fds()->set_limit(connection.options().max_fds());
  if (!model::ConnectionCounts::IsActive(connection.state())) return;
  stats.set_active_connection_count(1);
  stats.set_mount_fd_connection_count(
      connection.mount_fd() == admin::Connection::DONATED ? 1 : 0);
}

}  // namespace

absl::StatusOr<std::vector<StatisticsOperations::Target>>
StatisticsOperations::Find(const names::ServerScope& servers) const {
  const ModelLock lock(model_);
  std::vector<Target> targets;
  if (servers.is_all()) {
    for (const auto& [id, server] : model_.servers(lock)) {
      targets.push_back({server, server->record(lock).link.current});
    }
    return targets;
  }
  const model::ServerPtr server = model_.Find(lock, servers.id());
  if (server == nullptr) return model::Model::NoServer(servers.id());
  targets.push_back({server, server->record(lock).link.current});
  return targets;
}

void StatisticsOperations::TakeTopHolders(const ModelLock&,
                                          const model::ServerRecord& server,
                                          const worker::v1::StatsList& page,
                                          std::vector<Holder>& holders) {
  for (const auto& one : page.stats()) {
    const auto id = server.connection_ids.find(one.connection_uid());
    if (id == server.connection_ids.end() || FdsOf(one) == 0) continue;
    holders.emplace_back(FdsOf(one),
                         names::FormatConnectionName(server.id, id->second));
  }
  const size_t shown = std::min(holders.size(), kTopHolders);
  std::partial_sort(
      holders.begin(), holders.begin() + static_cast<std::ptrdiff_t>(shown),
      holders.end(), [](const Holder& a, const Holder& b) {
        return a.first != b.first ? a.first > b.first : a.second < b.second;
      });
  holders.resize(shown);
}

absl::StatusOr<admin::Stats> StatisticsOperations::ReadServer(
    const Target& target, const link::FanOut& fan_out) {
  worker::v1::ToGofer total;
  total.mutable_get_stats()->mutable_server_total();
  const auto sums = target.link->AskFor(fan_out.time_left(), std::move(total));
  if (!sums.ok()) return sums.status();
  // An ended connection holds nothing.
  worker::v1::GetStats::EveryConnection every;
  every.set_live_only(true);
  std::vector<Holder> holders;
  const absl::Status read = link::PagedLists::Stats(
      *target.link, every, [&] { return fan_out.time_left(); },
      [&](const worker::v1::StatsList& page) {
        const ModelLock lock(model_);
        TakeTopHolders(lock, target.server->record(lock), page, holders);
        return true;
      });
  if (!read.ok()) return read;
  admin::Stats stats;
  if (!sums->stats().stats().empty()) {
    stats = translate::ToAdmin(sums->stats().stats(0));
  }
  for (const auto& [fd_count, connection] : holders) {
    auto& holder = *stats.add_top_fd_holders();
    holder.set_connection(connection);
    holder.set_fd_count(fd_count);
  }
  const ModelLock lock(model_);
  const model::ServerRecord& server = target.server->record(lock);
  stats.set_name(server.name());
  stats.set_uid(server.resource.uid());
  *stats.mutable_start_time() = translate::ToProto(server.gofer.started_at);
  stats.mutable_fds()->set_limit(server.resource.limits().max_fds());
  stats.set_active_connection_count(
      static_cast<int32_t>(server.counts.active()));
  stats.set_mount_fd_connection_count(
      static_cast<int32_t>(server.counts.mount_fd_donated));
  return stats;
}

absl::StatusOr<std::vector<admin::Stats>> StatisticsOperations::Read(
    const Target& target,
    const std::optional<names::ConnectionScope>& connections,
    const link::FanOut& fan_out) {
  if (target.link == nullptr) {
    const ModelLock lock(model_);
    absl::Status status = model::CheckServing(target.server->record(lock));
    return status.ok() ? model::Unreachable(target.server->record(lock))
                       : status;
  }
  if (!connections) {
    auto stats = ReadServer(target, fan_out);
    if (!stats.ok()) return stats.status();
    return std::vector<admin::Stats>{*std::move(stats)};
  }
  return ReadConnections(target, *connections, fan_out);
}

absl::StatusOr<std::vector<admin::Stats>> StatisticsOperations::ReadConnections(
    const Target& target, const names::ConnectionScope& connections,
    const link::FanOut& fan_out) {
  std::vector<admin::Stats> list;
  const auto take = [&](const worker::v1::StatsList& page) {
    const ModelLock lock(model_);
    for (const worker::v1::Stats& from : page.stats()) {
      const model::ConnectionRecord* const record = model_.FindConnection(
          lock, target.server->record(lock), from.connection_uid());
      if (record == nullptr || !record->visible) continue;
      SetFacts(record->resource, list.emplace_back(translate::ToAdmin(from)));
    }
    return true;
  };
  if (connections.is_all()) {
    const absl::Status read = link::PagedLists::Stats(
        *target.link, {}, [&] { return fan_out.time_left(); }, take);
    if (!read.ok()) return read;
  } else {
    worker::v1::ToGofer ask;
    {
      const ModelLock lock(model_);
      const auto* const found =
          target.server->record(lock).FindVisible(connections.id());
      if (found == nullptr) {
        return NoSuchConnection(target.server->id(), connections.id());
      }
      ask.mutable_get_stats()->set_connection_uid(found->resource.uid());
    }
    const auto answer =
        target.link->AskFor(fan_out.time_left(), std::move(ask));
    if (!answer.ok()) return answer.status();
    take(answer->stats());
  }
  if (list.empty() && !connections.is_all()) {
    return NoSuchConnection(target.server->id(), connections.id());
  }
  std::sort(list.begin(), list.end(),
            [](const admin::Stats& a, const admin::Stats& b) {
              return a.name() < b.name();
            });
  return list;
}

absl::StatusOr<StatsList> StatisticsOperations::GetStats(
    const names::ServerScope& servers,
    const std::optional<names::ConnectionScope>& connections) {
  const auto targets = Find(servers);
  if (!targets.ok()) return targets.status();
  std::vector<absl::StatusOr<std::vector<admin::Stats>>> results(
      targets->size(), NotAsked());
  const link::FanOut fan_out(settings_.control_timeout());
  fan_out.Run(targets->size(), [&](size_t i) {
    results[i] = Read((*targets)[i], connections, fan_out);
  });
  StatsList list;
  for (size_t i = 0; i < results.size(); ++i) {
    auto& stats = results[i];
    if (stats.ok()) {
      std::move(stats->begin(), stats->end(), std::back_inserter(list.stats));
    } else if (!servers.is_all()) {
      return stats.status();
    } else if (errors::ReasonOf(stats.status()) == Reason::GOFER_UNREACHABLE) {
      list.unreachable.push_back((*targets)[i].server->name());
    }
  }
  return list;
}

void StatisticsOperations::AddInflight(
    const ModelLock&, const model::ServerRecord& server,
    const names::ConnectionScope& connections,
    const worker::v1::InflightList& from_gofer, InflightList& list) {
  for (const auto& from : from_gofer.requests()) {
    const auto id = server.connection_ids.find(from.connection_uid());
    if (id == server.connection_ids.end()) continue;
    if (!connections.Includes(id->second)) continue;
    admin::InflightRpc& rpc = list.rpcs.emplace_back(translate::ToAdmin(from));
    rpc.set_connection(names::FormatConnectionName(server.id, id->second));
    for (const auto& [rule_id, rule] : server.overrides.rules) {
      if (rule.resource.uid() == from.rule_uid()) {
        rpc.set_handler_rule(rule.resource.name());
      }
    }
  }
}

std::vector<absl::StatusOr<worker::v1::Response>>
StatisticsOperations::AskInflight(const std::vector<Target>& targets,
                                  absl::Duration min_age) const {
  std::vector<absl::StatusOr<worker::v1::Response>> answers(targets.size(),
                                                            NotAsked());
  const link::FanOut fan_out(settings_.control_timeout());
  fan_out.Run(targets.size(), [&](size_t i) {
    if (targets[i].link == nullptr) return;
    worker::v1::ToGofer ask;
    ask.mutable_list_inflight()->set_min_age_ns(
        absl::ToInt64Nanoseconds(min_age));
    answers[i] = targets[i].link->AskFor(fan_out.time_left(), std::move(ask));
  });
  return answers;
}

absl::StatusOr<InflightList> StatisticsOperations::ListInflight(
    const names::ServerScope& servers,
    const names::ConnectionScope& connections, absl::Duration min_age) {
  const auto targets = Find(servers);
  if (!targets.ok()) return targets.status();
  if (!servers.is_all() && !connections.is_all()) {
    const ModelLock lock(model_);
    const model::ServerRecord& server = targets->front().server->record(lock);
    if (server.FindVisible(connections.id()) == nullptr) {
      return NoSuchConnection(servers.id(), connections.id());
    }
  }
  const auto answers = AskInflight(*targets, min_age);
  InflightList list;
  const ModelLock lock(model_);
  for (size_t i = 0; i < answers.size(); ++i) {
    const model::ServerRecord& server = (*targets)[i].server->record(lock);
    if (answers[i].ok()) {
      AddInflight(lock, server, connections, answers[i]->inflight(), list);
    } else if ((*targets)[i].link != nullptr ||
               server.resource.state() == admin::Server::UNREACHABLE) {
      // A server without a gofer has nothing in flight.
      list.unreachable.push_back(server.name());
    }
  }
  std::stable_sort(
      list.rpcs.begin(), list.rpcs.end(),
      [](const admin::InflightRpc& a, const admin::InflightRpc& b) {
        return translate::ToDuration(a.age()) > translate::ToDuration(b.age());
      });
  return list;
}

absl::StatusOr<LogLevelChange> StatisticsOperations::SetGoferLogLevel(
    const names::ServerScope& servers, admin::LogLevel level, Effect effect) {
  const auto targets = Find(servers);
  if (!targets.ok()) return targets.status();
  if (effect == Effect::kReal && servers.is_all()) {
    host_.gofer_log_level.store(level);
  }
  std::vector<absl::StatusOr<admin::LogLevel>> former(targets->size(),
                                                      NotAsked());
  const link::FanOut fan_out(settings_.control_timeout());
  fan_out.Run(targets->size(), [&](size_t i) {
    former[i] = SetLevel(*(*targets)[i].server, level, effect, fan_out);
  });
  if (!servers.is_all()) {
    if (!former.front().ok()) return former.front().status();
    return LogLevelChange{*former.front(), {}};
  }
  LogLevelChange change;
  for (size_t i = 0; i < former.size(); ++i) {
    // A server without a gofer has none to be told: the next gets the level.
    if (former[i].ok() ||
        errors::ReasonOf(former[i].status()) == Reason::SERVER_STOPPED) {
      continue;
    }
    const std::string name = (*targets)[i].server->name();
    Log().warn("{}: its log level stays: {}", name,
               std::string(former[i].status().message()));
    change.unreachable.push_back(name);
  }
  return change;
}

absl::StatusOr<admin::LogLevel> StatisticsOperations::SetLevel(
    model::ServerEntry& server, admin::LogLevel level, Effect effect,
    const link::FanOut& fan_out) {
  std::shared_ptr<link::GoferLink> link;
  {
    const ModelLock lock(model_);
    const model::ServerRecord& record = server.record(lock);
    absl::Status status = model::CheckServing(record);
    if (!status.ok()) return status;
    if (effect == Effect::kValidateOnly) return record.gofer.log_level;
    link = record.link.current;
  }
  worker::v1::ToGofer ask;
  ask.mutable_set_log_level()->set_log_level(
      static_cast<worker::v1::LogLevel>(level));
  const auto answer = link->AskFor(fan_out.time_left(), std::move(ask));
  if (!answer.ok()) return answer.status();
  const ModelLock lock(model_);
  return std::exchange(server.record(lock).gofer.log_level, level);
}

Totals StatisticsOperations::GetTotals() const {
  Totals totals;
  const ModelLock lock(model_);
  for (const auto& [id, server] : model_.servers(lock)) {
    ++totals.servers_by_state[static_cast<size_t>(
        server->record(lock).resource.state())];
    totals.rules +=
        static_cast<int64_t>(server->record(lock).overrides.rules.size());
  }
  totals.connections = model_.totals(lock);
  totals.pending_tickets = static_cast<int64_t>(tickets_.size());
  totals.gofer_restarts = model_.gofer_restarts();
  totals.gofer_crashes = model_.gofer_crashes();
  return totals;
}

}  // namespace goferd::supervisor
