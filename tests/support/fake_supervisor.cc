#include "tests/support/fake_supervisor.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"
#include "tests/support/fake_supervisor_names.h"

namespace goferd::testing {

using admin::v1::Connection;
using admin::v1::Event;
using admin::v1::HandlerRule;
using admin::v1::Server;
using errors::Error;
using errors::Reason;
using gofer::base::MutexLock;
using supervisor::Effect;

FakeSupervisor::FakeSupervisor(config::v1::DaemonConfig config,
                               size_t kept_events)
    : config_(std::move(config)),
      events_(kept_events, "00000000-0000-4000-8000-00000000face") {}

void FakeSupervisor::FailNext(absl::Status status) {
  MutexLock lock(mu_);
  next_failure_ = std::move(status);
}

void FakeSupervisor::SetUnreachable(absl::string_view server) {
  MutexLock lock(mu_);
  unreachable_.emplace_back(server);
}

void FakeSupervisor::SetConnectionState(absl::string_view server_id,
                                        absl::string_view connection_id,
                                        Connection::State state) {
  MutexLock lock(mu_);
  Connection& connection =
      connections_.at(ConnectionName(server_id, connection_id));
  connection.set_state(state);
  Touch(connection);
  Publish(Event::MODIFIED, connection);
}

void FakeSupervisor::SetInflight(std::vector<admin::v1::InflightRpc> rpcs) {
  MutexLock lock(mu_);
  inflight_ = std::move(rpcs);
}

int FakeSupervisor::changes() const {
  MutexLock lock(mu_);
  return changes_;
}

bool FakeSupervisor::is_shut_down() const {
  MutexLock lock(mu_);
  return shut_down_;
}

void FakeSupervisor::Shutdown() {
  MutexLock lock(mu_);
  shut_down_ = true;
}

absl::Status FakeSupervisor::StartChange() {
  if (shut_down_) return Error(Reason::SHUTTING_DOWN, "goferd is going down");
  if (!next_failure_) return absl::OkStatus();
  absl::Status failure = *std::exchange(next_failure_, std::nullopt);
  return failure;
}

absl::Status FakeSupervisor::CheckServer(absl::string_view id,
                                         absl::string_view etag) const {
  const auto it = servers_.find(std::string(id));
  if (it == servers_.end()) {
    return Error(Reason::SERVER_NOT_FOUND, "no such server",
                 {{"resource", ServerName(id)}});
  }
  return CheckEtag(etag, it->second.server.etag());
}

std::string FakeSupervisor::NextUid() {
  return absl::StrCat("uid-", ++last_uid_);
}

void FakeSupervisor::Publish(Event::Type type, const Server& server) {
  Event event;
  event.set_type(type);
  *event.mutable_server() = server;
  events_.Publish(std::move(event));
}

void FakeSupervisor::Publish(Event::Type type, const Connection& connection) {
  Event event;
  event.set_type(type);
  *event.mutable_connection() = connection;
  events_.Publish(std::move(event));
}

void FakeSupervisor::Publish(Event::Type type, const HandlerRule& rule) {
  Event event;
  event.set_type(type);
  *event.mutable_handler_rule() = rule;
  events_.Publish(std::move(event));
}

int64_t FakeSupervisor::CountActive(absl::string_view server_id) const {
  int64_t count = 0;
  for (const auto& [name, connection] : connections_) {
    if (IsUnder(name, server_id) && IsActive(connection)) ++count;
  }
  return count;
}

absl::StatusOr<Server> FakeSupervisor::CreateServer(absl::string_view id,
                                                    const Server& spec,
                                                    Effect effect) {
  MutexLock lock(mu_);
  if (auto status = StartChange(); !status.ok()) return status;
  if (servers_.count(std::string(id)) > 0) {
    return Error(Reason::SERVER_ALREADY_EXISTS, "there is such a server",
                 {{"resource", ServerName(id)}});
  }
  Server server = spec;
  server.set_name(ServerName(id));
  server.set_state(Server::ACTIVE);
  server.set_origin(Server::CREATED);
  if (effect == Effect::kValidateOnly) return server;
  server.set_uid(NextUid());
  Touch(server);
  ServerState& state = servers_[std::string(id)];
  state.server = server;
  for (const char* mid : {"1", "2", "3"}) {
    admin::v1::Handler handler;
    handler.set_name(absl::StrCat(server.name(), "/handlers/", mid));
    handler.set_mid(static_cast<admin::v1::Mid>(mid[0] - '0'));
    handler.set_supported(true);
    handler.set_implementation("stock");
    handler.add_available_implementations("stock");
    handler.set_etag("table-1");
    state.handlers[mid] = handler;
  }
  Publish(Event::ADDED, server);
  return server;
}

absl::StatusOr<Server> FakeSupervisor::GetServer(absl::string_view id) const {
  MutexLock lock(mu_);
  if (auto status = CheckServer(id, ""); !status.ok()) return status;
  Server server = servers_.at(std::string(id)).server;
  server.set_active_connection_count(static_cast<int32_t>(CountActive(id)));
  return server;
}

int64_t FakeSupervisor::VisitServers(
    absl::string_view after,
    absl::FunctionRef<bool(const Server&)> visit) const {
  MutexLock lock(mu_);
  for (auto it = servers_.upper_bound(std::string(after)); it != servers_.end();
       ++it) {
    if (!visit(it->second.server)) break;
  }
  return events_.revision();
}

absl::StatusOr<Server> FakeSupervisor::UpdateServer(
    absl::string_view id, absl::string_view etag, Effect effect,
    absl::FunctionRef<absl::Status(Server&)> change) {
  MutexLock lock(mu_);
  if (auto status = StartChange(); !status.ok()) return status;
  if (auto status = CheckServer(id, etag); !status.ok()) return status;
  Server server = servers_.at(std::string(id)).server;
  if (auto status = change(server); !status.ok()) return status;
  if (effect == Effect::kValidateOnly) return server;
  Touch(server);
  servers_.at(std::string(id)).server = server;
  Publish(Event::MODIFIED, server);
  return server;
}

absl::Status FakeSupervisor::DeleteServer(absl::string_view id,
                                          absl::string_view etag, Force force,
                                          Effect effect) {
  MutexLock lock(mu_);
  if (auto status = StartChange(); !status.ok()) return status;
  if (auto status = CheckServer(id, etag); !status.ok()) return status;
  if (force == Force::kNo && CountActive(id) > 0) {
    return Error(Reason::SERVER_NOT_EMPTY, "the server has connections");
  }
  if (effect == Effect::kValidateOnly) return absl::OkStatus();
  Server server = servers_.at(std::string(id)).server;
  server.set_state(Server::STOPPED);
  Touch(server);
  for (auto it = connections_.begin(); it != connections_.end();) {
    if (IsUnder(it->first, id)) {
      Publish(Event::DELETED, it->second);
      it = connections_.erase(it);
    } else {
      ++it;
    }
  }
  servers_.erase(std::string(id));
  Publish(Event::DELETED, server);
  return absl::OkStatus();
}

absl::StatusOr<Server> FakeSupervisor::SetDraining(absl::string_view id,
                                                   absl::string_view etag,
                                                   bool draining,
                                                   Effect effect) {
  return UpdateServer(id, etag, effect, [draining](Server& server) {
    server.set_state(draining ? Server::DRAINING : Server::ACTIVE);
    return absl::OkStatus();
  });
}

absl::StatusOr<FakeSupervisor::StatsList> FakeSupervisor::GetStats(
    absl::string_view server_id, absl::string_view connection_id) {
  MutexLock lock(mu_);
  StatsList list;
  list.unreachable = unreachable_;
  if (server_id != "-") {
    if (auto s = CheckServer(server_id, ""); !s.ok()) return s;
  }
  const auto add = [&list](const auto& resource) {
    admin::v1::Stats& stats = list.stats.emplace_back();
    stats.set_name(resource.name());
    stats.set_uid(resource.uid());
  };
  if (connection_id.empty()) {
    for (const auto& [id, state] : servers_) {
      if (server_id == "-" || server_id == id) add(state.server);
    }
    return list;
  }
  for (const auto& [name, connection] : connections_) {
    if (!IsUnder(name, server_id)) continue;
    if (connection_id == "-" ||
        absl::EndsWith(name, absl::StrCat("/", connection_id))) {
      add(connection);
    }
  }
  if (list.stats.empty() && connection_id != "-") {
    return Error(Reason::CONNECTION_NOT_FOUND, "no such connection");
  }
  return list;
}

absl::StatusOr<FakeSupervisor::InflightList> FakeSupervisor::ListInflight(
    absl::string_view server_id, absl::string_view, absl::Duration) {
  MutexLock lock(mu_);
  if (server_id != "-") {
    if (auto s = CheckServer(server_id, ""); !s.ok()) return s;
  }
  return InflightList{inflight_, unreachable_};
}

absl::StatusOr<admin::v1::LogLevel> FakeSupervisor::SetGoferLogLevel(
    absl::string_view server_id, admin::v1::LogLevel level, Effect effect) {
  MutexLock lock(mu_);
  if (auto status = StartChange(); !status.ok()) return status;
  if (server_id == "-") return admin::v1::LOG_LEVEL_UNSPECIFIED;
  if (auto status = CheckServer(server_id, ""); !status.ok()) return status;
  ServerState& state = servers_.at(std::string(server_id));
  const admin::v1::LogLevel former = state.log_level;
  if (effect == Effect::kReal) state.log_level = level;
  return former;
}

FakeSupervisor::Totals FakeSupervisor::GetTotals() const {
  MutexLock lock(mu_);
  Totals totals;
  for (const auto& [id, state] : servers_) {
    ++totals.servers_by_state[state.server.state()];
  }
  for (const auto& [name, connection] : connections_) {
    ++totals.connections.by_state[connection.state()];
  }
  totals.pending_tickets =
      totals.connections.by_state[Connection::PENDING_ATTACH];
  totals.rules = static_cast<int64_t>(rules_.size());
  return totals;
}

}  // namespace goferd::testing
