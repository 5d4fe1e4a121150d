#include "controlplane/service/connection_count.h"

#include <cstddef>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controlplane/names/resource_name.h"
#include "controlplane/service/field_checks.h"
#include "controlplane/service/resource_filters.h"
#include "controlplane/service/walk_in_slices.h"

namespace goferd::service {
namespace {

using admin::Connection;
using Request = admin::GetActiveConnectionCountRequest;

constexpr Connection::State kActive[] = {
    Connection::ATTACHED, Connection::MOUNTED, Connection::DRAINING};

bool IsActive(const Connection& connection) {
  return connection.state() == Connection::ATTACHED ||
         connection.state() == Connection::MOUNTED ||
         connection.state() == Connection::DRAINING;
}

}  // namespace

ConnectionCount::Groups ConnectionCount::CheckGroups(
    errors::FieldViolations& violations, const Request& request) {
  Groups groups;
  // Each value may be named once, so that a longer list is wrong anyway.
  if (request.group_by_size() > Request::GroupBy_ARRAYSIZE) {
    violations.Add("group_by", "must have each value at most once");
    return groups;
  }
  for (int i = 0; i < request.group_by_size(); ++i) {
    const std::string field = absl::StrCat("group_by[", i, "]");
    const Request::GroupBy group = request.group_by(i);
    CheckEnum(violations, field, group, Unspecified::kRefused);
    if (group != Request::STATE && group != Request::SERVER) continue;
    bool& wanted = group == Request::STATE ? groups.by_state : groups.by_server;
    if (wanted) violations.Add(field, "must not be named twice");
    wanted = true;
  }
  return groups;
}

absl::Status ConnectionCount::AddActive(
    const supervisor::Servers& servers,
    const supervisor::Connections& connections, const std::string& server_id,
    Groups groups) {
  if (server_id != names::kAllIds || !groups.by_server) {
    const auto counts = connections.Count(names::ServerScope(server_id));
    if (!counts.ok()) return counts.status();
    Add(server_id, *counts);
    return absl::OkStatus();
  }
  std::vector<std::string> ids;
  servers.Visit("", [&ids](const admin::Server& server) {
    if (auto id =
            names::ParseServerName(server.name(), names::Wildcard::kRefused)) {
      ids.push_back(*std::move(id));
    }
    return true;
  });
  for (const std::string& id : ids) {
    // A server that is gone meanwhile has no connections.
    if (const auto counts = connections.Count(names::ServerScope(id));
        counts.ok()) {
      Add(id, *counts);
    }
  }
  return absl::OkStatus();
}

void ConnectionCount::Add(const std::string& server_id,
                          const model::ConnectionCounts& counts) {
  for (const Connection::State state : kActive) {
    by_state_[state] += counts.by_state[static_cast<size_t>(state)];
  }
  total_ += counts.active();
  by_server_[names::FormatServerName(server_id)] += counts.active();
}

absl::Status ConnectionCount::AddMatching(
    const supervisor::Connections& connections, const std::string& server_id,
    const Filter& filter) {
  const bool any_state = filter.Mentions("state");
  const auto walked = WalkInSlices<Connection>(
      "",
      [&](absl::string_view after, auto visit) {
        return connections.Visit(names::ServerScope(server_id),
                                 names::SplitConnectionName(after), visit);
      },
      [](const Connection& connection) { return connection.name(); },
      [&](const Connection& connection) {
        if (!any_state && !IsActive(connection)) return true;
        if (!Matches(filter, connection)) return true;
        ++total_;
        ++by_state_[connection.state()];
        const auto name = names::SplitConnectionName(connection.name());
        if (name) ++by_server_[names::FormatServerName(name->server_id)];
        return true;
      });
  return walked.status();
}

admin::GetActiveConnectionCountResponse ConnectionCount::ToResponse(
    Groups groups) const {
  admin::GetActiveConnectionCountResponse response;
  response.set_total_count(total_);
  if (groups.by_state) {
    for (const auto& [state, count] : by_state_) {
      if (count == 0) continue;
      auto& group = *response.add_state_counts();
      group.set_state(state);
      group.set_count(count);
    }
  }
  if (groups.by_server) {
    for (const auto& [server, count] : by_server_) {
      if (count == 0) continue;
      auto& group = *response.add_server_counts();
      group.set_server(server);
      group.set_count(count);
    }
  }
  return response;
}

}  // namespace goferd::service
