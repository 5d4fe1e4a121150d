#include "controlplane/service/connection_methods.h"

#include <string>
#include <utility>
#include <vector>

#include "controlplane/auth/methods.h"
#include "controlplane/errors/error.h"
#include "controlplane/service/connection_checks.h"
#include "controlplane/service/connection_count.h"
#include "controlplane/service/effect.h"
#include "controlplane/service/field_checks.h"
#include "controlplane/service/paging.h"
#include "controlplane/service/resource_filters.h"
#include "controlplane/service/walk_in_slices.h"
#include "controlplane/supervisor/connection_spec.h"

namespace goferd::service {
namespace {

using admin::BatchStartConnectionsResponse;
using admin::Connection;
using admin::StartConnectionResponse;
using errors::FieldViolations;
using supervisor::StartedConnection;

StartConnectionResponse ResponseOf(StartedConnection started) {
  StartConnectionResponse response;
  *response.mutable_connection() = std::move(started.connection);
  if (started.ticket) *response.mutable_ticket() = *std::move(started.ticket);
  return response;
}

}  // namespace

absl::StatusOr<StartConnectionResponse> ConnectionMethods::Renew(
    const Connection& connection) {
  const auto name =
      names::ParseConnectionName(connection.name(), names::Wildcard::kRefused);
  auto renewed = connections_.RenewTicket(
      name ? name->server_id : "", name ? name->id : "", connection.uid());
  if (!renewed.ok()) return renewed.status();
  return ResponseOf(*std::move(renewed));
}

absl::StatusOr<StartConnectionResponse> ConnectionMethods::StartConnection(
    const CallContext& context, const admin::StartConnectionRequest& request) {
  auto spec = ReadStart(request);
  if (!spec.ok()) return spec.status();
  spec->request =
      RequestIdCache::KeyOf(auth::methods::kStartConnection, context, request);
  return request_ids_.Once<StartConnectionResponse>(
      auth::methods::kStartConnection, context, request,
      [&]() -> absl::StatusOr<StartConnectionResponse> {
        auto started = connections_.Start({*spec}, EffectOf(request));
        if (!started.ok()) return started.status();
        return ResponseOf(std::move(started->front()));
      },
      [](StartConnectionResponse& kept) { kept.clear_ticket(); },
      [this](const StartConnectionResponse& kept) {
        return Renew(kept.connection());
      });
}

absl::StatusOr<BatchStartConnectionsResponse>
ConnectionMethods::BatchStartConnections(
    const CallContext& context,
    const admin::BatchStartConnectionsRequest& request) {
  auto specs = ReadBatchStart(request);
  if (!specs.ok()) return specs.status();
  for (supervisor::ConnectionSpec& spec : *specs) {
    spec.request = RequestIdCache::KeyOf(auth::methods::kBatchStartConnections,
                                         context, request);
  }
  using Response = BatchStartConnectionsResponse;
  return request_ids_.Once<Response>(
      auth::methods::kBatchStartConnections, context, request,
      [&]() -> absl::StatusOr<Response> {
        auto started = connections_.Start(*specs, EffectOf(request));
        if (!started.ok()) return started.status();
        Response response;
        for (StartedConnection& one : *started) {
          *response.add_responses() = ResponseOf(std::move(one));
        }
        return response;
      },
      [](Response& kept) {
        for (auto& one : *kept.mutable_responses()) one.clear_ticket();
      },
      [this](const Response& kept) -> absl::StatusOr<Response> {
        Response response;
        for (const StartConnectionResponse& one : kept.responses()) {
          auto renewed = Renew(one.connection());
          if (renewed.ok()) {
            *response.add_responses() = *std::move(renewed);
          } else if (absl::IsNotFound(renewed.status())) {
            // A connection that is gone is no reason to withhold the others'
            // new tickets, which have made their old tickets void.
            *response.add_responses() = one;
          } else {
            return renewed.status();
          }
        }
        return response;
      });
}

absl::StatusOr<Connection> ConnectionMethods::GetConnection(
    const CallContext&, const admin::GetConnectionRequest& request) {
  FieldViolations violations;
  const names::ChildName name =
      CheckConnectionName(violations, "name", request.name());
  if (!violations.empty()) return violations.ToStatus();
  return connections_.Get(name.server_id, name.id);
}

absl::StatusOr<admin::ListConnectionsResponse>
ConnectionMethods::ListConnections(
    const CallContext&, const admin::ListConnectionsRequest& request) {
  FieldViolations violations;
  const std::string server_id = CheckServerName(
      violations, "parent", request.parent(), names::Wildcard::kAllowed);
  Page page(violations, request.page_size(), request.page_token(),
            PageScope(auth::methods::kListConnections, request.parent(),
                      request.filter()));
  const Filter filter =
      CheckFilter(violations, request.filter(), ConnectionFilterSchema());
  if (!violations.empty()) return violations.ToStatus();
  admin::ListConnectionsResponse response;
  const auto revision = WalkInSlices<Connection>(
      page.after(),
      [&](absl::string_view after, auto visit) {
        return connections_.Visit(names::ServerScope(server_id),
                                  names::SplitConnectionName(after), visit);
      },
      [](const Connection& connection) { return connection.name(); },
      [&](const Connection& connection) {
        if (!Matches(filter, connection)) return true;
        if (!page.Take(connection.name(), connection.ByteSizeLong())) {
          return false;
        }
        *response.add_connections() = connection;
        return true;
      });
  if (!revision.ok()) return revision.status();
  response.set_revision(*revision);
  response.set_next_page_token(page.next_token());
  if (absl::Status status = AddUnreachable(server_id, response); !status.ok()) {
    return status;
  }
  return response;
}

absl::Status ConnectionMethods::AddUnreachable(
    const std::string& server_id,
    admin::ListConnectionsResponse& response) const {
  const auto add = [&](const admin::Server& server) {
    if (server.state() == admin::Server::UNREACHABLE) {
      response.add_unreachable(server.name());
    }
    return true;
  };
  if (server_id == names::kAllIds) {
    servers_.Visit("", add);
    return absl::OkStatus();
  }
  const auto server = servers_.Get(server_id);
  if (!server.ok()) return server.status();
  add(*server);
  return absl::OkStatus();
}

absl::StatusOr<Connection> ConnectionMethods::StopConnection(
    const CallContext& context, const admin::StopConnectionRequest& request) {
  const auto name = ReadStop(request);
  if (!name.ok()) return name.status();
  return request_ids_.Once<Connection>(
      auth::methods::kStopConnection, context, request,
      [&] { return connections_.Stop(name->server_id, name->id, request); });
}

absl::StatusOr<admin::GetActiveConnectionCountResponse>
ConnectionMethods::GetActiveConnectionCount(
    const CallContext&, const admin::GetActiveConnectionCountRequest& request) {
  FieldViolations violations;
  const std::string server_id = CheckServerName(
      violations, "parent", request.parent(), names::Wildcard::kAllowed);
  const Filter filter =
      CheckFilter(violations, request.filter(), ConnectionFilterSchema());
  const ConnectionCount::Groups groups =
      ConnectionCount::CheckGroups(violations, request);
  if (!violations.empty()) return violations.ToStatus();
  ConnectionCount count;
  const absl::Status status =
      filter.empty()
          ? count.AddActive(servers_, connections_, server_id, groups)
          : count.AddMatching(connections_, server_id, filter);
  if (!status.ok()) return status;
  return count.ToResponse(groups);
}

}  // namespace goferd::service
