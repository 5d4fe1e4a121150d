#include "tests/support/fake_connections.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"
#include "controlplane/model/connection_counts.h"

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

absl::StatusOr<std::vector<supervisor::StartedConnection>>
FakeConnections::Start(const std::vector<supervisor::ConnectionSpec>& specs,
                       Effect effect) {
  MutexLock lock(state_.mu);
  if (auto status = state_.StartChange(); !status.ok()) return status;
  for (const auto& spec : specs) {
    if (auto s = state_.CheckServer(spec.server_id, ""); !s.ok()) return s;
    if (state_.servers.at(spec.server_id).server.state() == Server::DRAINING) {
      return Error(Reason::SERVER_DRAINING, "the server is draining");
    }
    if (state_.connections.count(names::FormatConnectionName(
            spec.server_id, spec.connection_id)) > 0) {
      return Error(Reason::CONNECTION_ALREADY_EXISTS, "the id is taken");
    }
  }
  std::vector<supervisor::StartedConnection> started;
  for (const auto& spec : specs) {
    Connection connection;
    connection.set_name(
        names::FormatConnectionName(spec.server_id, spec.connection_id));
    connection.set_mount_path(spec.mount_path);
    connection.set_attach_mode(spec.attach_mode);
    connection.set_mount_fd(
        spec.options.donate_host_fds() ==
                admin::v1::ConnectionOptions::FILES_AND_MOUNT_POINT
            ? Connection::POSSIBLE
            : Connection::WITHHELD);
    *connection.mutable_options() = spec.options;
    if (spec.expected_peer) {
      *connection.mutable_expected_peer() = *spec.expected_peer;
    }
    for (const auto& [key, value] : spec.labels) {
      (*connection.mutable_labels())[key] = value;
    }
    connection.set_state(Connection::PENDING_ATTACH);
    if (effect == Effect::kValidateOnly) {
      started.push_back({connection, std::nullopt});
      continue;
    }
    connection.set_uid(state_.NextUid());
    state_.Touch(connection);
    state_.connections[connection.name()] = connection;
    state_.Publish(Event::ADDED, connection);
    admin::v1::AttachTicket ticket;
    ticket.set_ticket(connection.uid());
    ticket.set_attach_socket_path("/run/test/attach.sock");
    started.push_back({connection, ticket});
  }
  return started;
}

absl::StatusOr<supervisor::StartedConnection> FakeConnections::RenewTicket(
    absl::string_view server_id, absl::string_view connection_id,
    absl::string_view uid) {
  auto connection = Get(server_id, connection_id);
  if (!connection.ok()) return connection.status();
  if (connection->uid() != uid) {
    return Error(Reason::CONNECTION_NOT_FOUND, "another one has the name");
  }
  supervisor::StartedConnection renewed{*connection, std::nullopt};
  if (connection->state() == Connection::PENDING_ATTACH) {
    renewed.ticket.emplace().set_ticket(absl::StrCat(uid, "-renewed"));
  }
  return renewed;
}

absl::StatusOr<Connection> FakeConnections::Get(
    absl::string_view server_id, absl::string_view connection_id) const {
  MutexLock lock(state_.mu);
  if (auto status = state_.CheckServer(server_id, ""); !status.ok())
    return status;
  const auto it = state_.connections.find(
      names::FormatConnectionName(server_id, connection_id));
  if (it == state_.connections.end()) {
    return Error(Reason::CONNECTION_NOT_FOUND, "no such connection");
  }
  return it->second;
}

absl::StatusOr<int64_t> FakeConnections::Visit(
    const names::ServerScope& servers,
    const std::optional<names::ChildName>& after,
    absl::FunctionRef<bool(const Connection&)> visit) const {
  MutexLock lock(state_.mu);
  if (!servers.is_all()) {
    if (auto s = state_.CheckServer(servers.id(), ""); !s.ok()) return s;
  }
  auto it = after ? state_.connections.upper_bound(names::FormatConnectionName(
                        after->server_id, after->id))
                  : state_.connections.begin();
  for (; it != state_.connections.end(); ++it) {
    if (IsUnder(it->first, servers) && !visit(it->second)) break;
  }
  return state_.events.revision();
}

absl::StatusOr<Connection> FakeConnections::Stop(
    absl::string_view server_id, absl::string_view connection_id,
    const admin::v1::StopConnectionRequest& request) {
  auto present = Get(server_id, connection_id);
  if (!present.ok()) return present.status();
  MutexLock lock(state_.mu);
  if (auto status = state_.StartChange(); !status.ok()) return status;
  if (auto s = CheckEtag(request.etag(), present->etag()); !s.ok()) return s;
  if (present->mount_path() == "/" && !request.acknowledge_sandbox_kill() &&
      present->state() != Connection::PENDING_ATTACH) {
    return Error(Reason::SANDBOX_KILL_NOT_ACKNOWLEDGED,
                 "set acknowledge_sandbox_kill");
  }
  if (request.validate_only()) return present;
  present->set_state(Connection::CLOSED);
  present->set_end_reason(Connection::ADMIN_STOP);
  present->set_end_detail(request.reason());
  state_.Touch(*present);
  state_.connections[present->name()] = *present;
  state_.Publish(Event::MODIFIED, *present);
  return present;
}

absl::StatusOr<model::ConnectionCounts> FakeConnections::Count(
    const names::ServerScope& servers) const {
  model::ConnectionCounts counts;
  const auto visited =
      Visit(servers, std::nullopt, [&counts](const Connection& connection) {
        ++counts.by_state[connection.state()];
        return true;
      });
  if (!visited.ok()) return visited.status();
  return counts;
}

}  // namespace goferd::testing
