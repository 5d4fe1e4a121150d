#include "controlplane/service/server_methods.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controlplane/auth/methods.h"
#include "controlplane/errors/error.h"
#include "controlplane/service/effect.h"
#include "controlplane/service/field_checks.h"
#include "controlplane/service/paging.h"
#include "controlplane/service/resource_filters.h"
#include "controlplane/service/server_checks.h"
#include "controlplane/service/server_update.h"
#include "controlplane/service/walk_in_slices.h"

namespace goferd::service {
namespace {

using admin::Server;
using errors::FieldViolations;
using google::protobuf::Empty;

std::string IdOf(const Server& server) {
  return names::ParseServerName(server.name(), names::Wildcard::kRefused)
      .value_or("");
}

// Takes the fields of a new server that a caller may set.
Server WithoutOutput(Server server) {
  server.clear_name();
  server.clear_uid();
  server.clear_etag();
  server.clear_create_time();
  server.clear_update_time();
  server.clear_state();
  server.clear_failure();
  server.clear_last_failure();
  server.clear_draining();
  server.clear_conditions();
  server.clear_active_connection_count();
  server.clear_holders();
  server.clear_origin();
  server.clear_gofer_pid();
  server.clear_gofer_version();
  server.clear_sandbox_steps();
  server.clear_missing_sandbox_steps();
  server.clear_restart_count();
  server.clear_mount_fd_connection_count();
  server.clear_warnings();
  server.clear_resolved_path();
  return server;
}

}  // namespace

absl::StatusOr<Server> ServerMethods::CreateServer(
    const CallContext& context, const admin::CreateServerRequest& request) {
  FieldViolations violations;
  CheckId(violations, "server_id", request.server_id());
  if (request.has_server()) {
    CheckNewServer(violations, "server", request.server(), config_);
  } else {
    violations.Add("server", "must be set");
  }
  CheckRequestId(violations, "request_id", request.request_id());
  if (!violations.empty()) return violations.ToStatus();
  return request_ids_.Once<Server>(
      auth::methods::kCreateServer, context, request, [&] {
        return servers_.Create(
            request.server_id(), WithoutOutput(request.server()),
            EffectOf(request),
            RequestIdCache::KeyOf(auth::methods::kCreateServer, context,
                                  request));
      });
}

absl::StatusOr<Server> ServerMethods::GetServer(
    const CallContext&, const admin::GetServerRequest& request) {
  FieldViolations violations;
  const std::string id = CheckServerName(violations, "name", request.name());
  if (!violations.empty()) return violations.ToStatus();
  return servers_.Get(id);
}

absl::StatusOr<admin::ListServersResponse> ServerMethods::ListServers(
    const CallContext&, const admin::ListServersRequest& request) {
  FieldViolations violations;
  Page page(violations, request.page_size(), request.page_token(),
            PageScope(auth::methods::kListServers, "", request.filter()));
  const Filter filter =
      CheckFilter(violations, request.filter(), ServerFilterSchema());
  if (!violations.empty()) return violations.ToStatus();
  admin::ListServersResponse response;
  const auto revision = WalkInSlices<Server>(
      page.after(),
      [&](absl::string_view after, auto visit) {
        return absl::StatusOr<int64_t>(servers_.Visit(after, visit));
      },
      IdOf,
      [&](const Server& server) {
        if (!Matches(filter, server)) return true;
        if (!page.Take(IdOf(server), server.ByteSizeLong())) return false;
        *response.add_servers() = server;
        return true;
      });
  if (!revision.ok()) return revision.status();
  response.set_revision(*revision);
  response.set_next_page_token(page.next_token());
  return response;
}

absl::StatusOr<Server> ServerMethods::UpdateServer(
    const CallContext& context, const admin::UpdateServerRequest& request) {
  FieldViolations violations;
  const std::string id =
      CheckServerName(violations, "server.name", request.server().name());
  const ServerUpdate update(violations, request, config_);
  CheckRequestId(violations, "request_id", request.request_id());
  if (!violations.empty()) return violations.ToStatus();
  return request_ids_.Once<Server>(
      auth::methods::kUpdateServer, context, request, [&] {
        auto updated = servers_.Update(
            id, request.server().etag(), EffectOf(request), EscapesOf(request),
            [&](Server& server) { return update.Apply(server); });
        const bool is_missing = errors::ReasonOf(updated.status()) ==
                                errors::Reason::SERVER_NOT_FOUND;
        if (!is_missing || !request.allow_missing()) return updated;
        return CreateMissing(id, context, request);
      });
}

absl::StatusOr<Server> ServerMethods::CreateMissing(
    const std::string& id, const CallContext& context,
    const admin::UpdateServerRequest& request) {
  if (!request.server().etag().empty()) {
    return errors::Error(
        errors::Reason::ETAG_MISMATCH,
        absl::StrCat("there is no server ", request.server().name(),
                     ", and so none with this etag: leave the etag out to make "
                     "it"),
        {{"resource", request.server().name()}});
  }
  FieldViolations violations;
  CheckNewServer(violations, "server", request.server(), config_);
  if (!violations.empty()) return violations.ToStatus();
  return servers_.Create(
      id, WithoutOutput(request.server()), EffectOf(request),
      RequestIdCache::KeyOf(auth::methods::kUpdateServer, context, request));
}

absl::StatusOr<Empty> ServerMethods::DeleteServer(
    const CallContext& context, const admin::DeleteServerRequest& request) {
  FieldViolations violations;
  const std::string id = CheckServerName(violations, "name", request.name());
  CheckRequestId(violations, "request_id", request.request_id());
  if (!violations.empty()) return violations.ToStatus();
  return request_ids_.Once<Empty>(
      auth::methods::kDeleteServer, context, request,
      [&]() -> absl::StatusOr<Empty> {
        const absl::Status status = servers_.Delete(
            id, request.etag(),
            request.force() ? supervisor::Force::kYes : supervisor::Force::kNo,
            EffectOf(request));
        const bool is_missing =
            errors::ReasonOf(status) == errors::Reason::SERVER_NOT_FOUND;
        if (status.ok() || (is_missing && request.allow_missing())) {
          return Empty();
        }
        return status;
      });
}

template <class Request>
absl::StatusOr<Server> ServerMethods::SetDraining(
    const auth::MethodPolicy& method, const CallContext& context,
    const Request& request, bool draining, supervisor::Escapes escapes) {
  FieldViolations violations;
  const std::string id = CheckServerName(violations, "name", request.name());
  CheckRequestId(violations, "request_id", request.request_id());
  if (!violations.empty()) return violations.ToStatus();
  return request_ids_.Once<Server>(method, context, request, [&] {
    return servers_.SetDraining(id, request.etag(), draining, EffectOf(request),
                                escapes);
  });
}

absl::StatusOr<Server> ServerMethods::DrainServer(
    const CallContext& context, const admin::DrainServerRequest& request) {
  return SetDraining(auth::methods::kDrainServer, context, request, true,
                     EscapesOf(request));
}

absl::StatusOr<Server> ServerMethods::UndrainServer(
    const CallContext& context, const admin::UndrainServerRequest& request) {
  return SetDraining(auth::methods::kUndrainServer, context, request, false,
                     supervisor::Escapes::kWarn);
}

}  // namespace goferd::service
