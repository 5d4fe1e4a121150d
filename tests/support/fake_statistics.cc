#include "tests/support/fake_statistics.h"

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

}  // namespace

absl::StatusOr<supervisor::StatsList> FakeStatistics::GetStats(
    const names::ServerScope& servers,
    const std::optional<names::ConnectionScope>& connections) {
  MutexLock lock(state_.mu);
  supervisor::StatsList list;
  list.unreachable = state_.unreachable;
  if (!servers.is_all()) {
    if (auto s = state_.CheckServer(servers.id(), ""); !s.ok()) return s;
  }
  const auto add = [&list](const auto& resource) {
    admin::v1::Stats& stats = list.stats.emplace_back();
    stats.set_name(resource.name());
    stats.set_uid(resource.uid());
  };
  if (!connections) {
    for (const auto& [id, state] : state_.servers) {
      if (servers.Includes(id)) add(state.server);
    }
    return list;
  }
  for (const auto& [name, connection] : state_.connections) {
    if (!IsUnder(name, servers)) continue;
    if (connections->is_all() ||
        absl::EndsWith(name, absl::StrCat("/", connections->id()))) {
      add(connection);
    }
  }
  if (list.stats.empty() && !connections->is_all()) {
    return Error(Reason::CONNECTION_NOT_FOUND, "no such connection");
  }
  return list;
}

absl::StatusOr<supervisor::InflightList> FakeStatistics::ListInflight(
    const names::ServerScope& servers, const names::ConnectionScope&,
    absl::Duration) {
  MutexLock lock(state_.mu);
  if (!servers.is_all()) {
    if (auto s = state_.CheckServer(servers.id(), ""); !s.ok()) return s;
  }
  return supervisor::InflightList{state_.inflight, state_.unreachable};
}

absl::StatusOr<supervisor::LogLevelChange> FakeStatistics::SetGoferLogLevel(
    const names::ServerScope& servers, admin::v1::LogLevel level,
    supervisor::Effect effect) {
  MutexLock lock(state_.mu);
  if (auto status = state_.StartChange(); !status.ok()) return status;
  if (servers.is_all()) {
    return supervisor::LogLevelChange{admin::v1::LOG_LEVEL_UNSPECIFIED,
                                      state_.unreachable};
  }
  if (auto status = state_.CheckServer(servers.id(), ""); !status.ok())
    return status;
  FakeState::ServerState& state = state_.servers.at(servers.id());
  const admin::v1::LogLevel former = state.log_level;
  if (effect == supervisor::Effect::kReal) state.log_level = level;
  return supervisor::LogLevelChange{former, {}};
}

supervisor::Totals FakeStatistics::GetTotals() const {
  MutexLock lock(state_.mu);
  supervisor::Totals totals;
  for (const auto& [id, state] : state_.servers) {
    ++totals.servers_by_state[state.server.state()];
  }
  for (const auto& [name, connection] : state_.connections) {
    ++totals.connections.by_state[connection.state()];
  }
  totals.pending_tickets =
      totals.connections.by_state[Connection::PENDING_ATTACH];
  totals.rules = static_cast<int64_t>(state_.rules.size());
  return totals;
}

}  // namespace goferd::testing
