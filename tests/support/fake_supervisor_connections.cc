#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"
#include "tests/support/fake_supervisor_names.h"

namespace goferd::testing {

using admin::v1::Connection;
using admin::v1::Event;
using admin::v1::Server;
using errors::Error;
using errors::Reason;
using gofer::base::MutexLock;
using supervisor::Effect;

absl::StatusOr<std::vector<supervisor::StartedConnection>>
FakeSupervisor::StartConnections(
    const std::vector<supervisor::ConnectionSpec>& specs, Effect effect) {
  MutexLock lock(mu_);
  if (auto status = StartChange(); !status.ok()) return status;
  for (const auto& spec : specs) {
    if (auto s = CheckServer(spec.server_id, ""); !s.ok()) return s;
    if (servers_.at(spec.server_id).server.state() == Server::DRAINING) {
      return Error(Reason::SERVER_DRAINING, "the server is draining");
    }
    if (connections_.count(ConnectionName(spec.server_id, spec.connection_id)) >
        0) {
      return Error(Reason::CONNECTION_ALREADY_EXISTS, "the id is taken");
    }
  }
  std::vector<supervisor::StartedConnection> started;
  for (const auto& spec : specs) {
    Connection connection;
    connection.set_name(ConnectionName(spec.server_id, spec.connection_id));
    connection.set_mount_path(spec.mount_path);
    connection.set_attach_mode(spec.attach_mode);
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
    connection.set_uid(NextUid());
    Touch(connection);
    connections_[connection.name()] = connection;
    Publish(Event::ADDED, connection);
    admin::v1::AttachTicket ticket;
    ticket.set_ticket(connection.uid());
    ticket.set_attach_socket_path(attach_socket_path());
    started.push_back({connection, ticket});
  }
  return started;
}

absl::StatusOr<supervisor::StartedConnection> FakeSupervisor::RenewTicket(
    absl::string_view server_id, absl::string_view connection_id,
    absl::string_view uid) {
  auto connection = GetConnection(server_id, connection_id);
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

absl::StatusOr<Connection> FakeSupervisor::GetConnection(
    absl::string_view server_id, absl::string_view connection_id) const {
  MutexLock lock(mu_);
  if (auto status = CheckServer(server_id, ""); !status.ok()) return status;
  const auto it = connections_.find(ConnectionName(server_id, connection_id));
  if (it == connections_.end()) {
    return Error(Reason::CONNECTION_NOT_FOUND, "no such connection");
  }
  return it->second;
}

absl::StatusOr<int64_t> FakeSupervisor::VisitConnections(
    absl::string_view server_id, absl::string_view after,
    absl::FunctionRef<bool(const Connection&)> visit) const {
  MutexLock lock(mu_);
  if (server_id != "-") {
    if (auto s = CheckServer(server_id, ""); !s.ok()) return s;
  }
  for (auto it = connections_.upper_bound(std::string(after));
       it != connections_.end(); ++it) {
    if (IsUnder(it->first, server_id) && !visit(it->second)) break;
  }
  return events_.revision();
}

absl::StatusOr<Connection> FakeSupervisor::StopConnection(
    absl::string_view server_id, absl::string_view connection_id,
    const admin::v1::StopConnectionRequest& request) {
  auto present = GetConnection(server_id, connection_id);
  if (!present.ok()) return present.status();
  MutexLock lock(mu_);
  if (auto status = StartChange(); !status.ok()) return status;
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
  Touch(*present);
  connections_[present->name()] = *present;
  Publish(Event::MODIFIED, *present);
  return present;
}

absl::StatusOr<model::ConnectionCounts> FakeSupervisor::CountConnections(
    absl::string_view server_id) const {
  model::ConnectionCounts counts;
  const auto visited =
      VisitConnections(server_id, "", [&counts](const Connection& connection) {
        ++counts.by_state[connection.state()];
        return true;
      });
  if (!visited.ok()) return visited.status();
  return counts;
}

absl::StatusOr<std::vector<tickets::AttachClaim>> FakeSupervisor::ClaimTickets(
    const std::vector<std::string>& tickets, const gofer::uds::PeerCredentials&,
    admin::v1::AttachMode) {
  MutexLock lock(mu_);
  std::vector<tickets::AttachClaim> claims;
  for (const std::string& ticket : tickets) {
    for (const auto& [name, connection] : connections_) {
      if (connection.uid() != ticket) continue;
      const size_t slash = name.find('/', 8);
      claims.push_back({name.substr(8, slash - 8),
                        name.substr(name.rfind('/') + 1), ticket});
    }
  }
  if (claims.size() != tickets.size()) {
    return Error(Reason::TICKET_INVALID, "the ticket is not valid");
  }
  return claims;
}

absl::Status FakeSupervisor::CheckTickets(
    const std::vector<std::string>& tickets,
    const gofer::uds::PeerCredentials& peer, admin::v1::AttachMode mode) {
  return ClaimTickets(tickets, peer, mode).status();
}

absl::Status FakeSupervisor::Attach(const tickets::AttachClaim& claim,
                                    gofer::base::UniqueFd,
                                    const gofer::uds::PeerCredentials&) {
  SetConnectionState(claim.server_id, claim.connection_id,
                     Connection::ATTACHED);
  return absl::OkStatus();
}

void FakeSupervisor::Abandon(const tickets::AttachClaim& claim,
                             absl::string_view) {
  SetConnectionState(claim.server_id, claim.connection_id, Connection::FAILED);
}

}  // namespace goferd::testing
