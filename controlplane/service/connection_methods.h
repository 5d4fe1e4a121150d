// ConnectionMethods: the bodies of ConnectionService.

#ifndef GOFERD_CONTROLPLANE_SERVICE_CONNECTION_METHODS_H_
#define GOFERD_CONTROLPLANE_SERVICE_CONNECTION_METHODS_H_

#include "absl/status/statusor.h"
#include "controlplane/service/call_context.h"
#include "controlplane/service/request_id_cache.h"
#include "controlplane/supervisor/connections.h"
#include "controlplane/supervisor/servers.h"
#include "goferd/admin/v1/connection.pb.h"
#include "goferd/admin/v1/connection_service.pb.h"

namespace goferd::service {

namespace admin = goferd::admin::v1;

// See connection_service.proto. Tickets are never kept: a repeated request gets
// new ones. Thread-safe.
class ConnectionMethods {
 public:
  // All parameters outlive the object.
  ConnectionMethods(supervisor::Servers& servers,
                    supervisor::Connections& connections,
                    RequestIdCache& request_ids)
      : servers_(servers),
        connections_(connections),
        request_ids_(request_ids) {}

  absl::StatusOr<admin::StartConnectionResponse> StartConnection(
      const CallContext& context, const admin::StartConnectionRequest& request);
  absl::StatusOr<admin::BatchStartConnectionsResponse> BatchStartConnections(
      const CallContext& context,
      const admin::BatchStartConnectionsRequest& request);
  absl::StatusOr<admin::Connection> GetConnection(
      const CallContext& context, const admin::GetConnectionRequest& request);
  absl::StatusOr<admin::ListConnectionsResponse> ListConnections(
      const CallContext& context, const admin::ListConnectionsRequest& request);
  absl::StatusOr<admin::Connection> StopConnection(
      const CallContext& context, const admin::StopConnectionRequest& request);
  absl::StatusOr<admin::GetActiveConnectionCountResponse>
  GetActiveConnectionCount(
      const CallContext& context,
      const admin::GetActiveConnectionCountRequest& request);

 private:
  absl::StatusOr<admin::StartConnectionResponse> Renew(
      const admin::Connection& connection);
  absl::Status AddUnreachable(const std::string& server_id,
                              admin::ListConnectionsResponse& response) const;

  supervisor::Servers& servers_;
  supervisor::Connections& connections_;
  RequestIdCache& request_ids_;
};

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_CONNECTION_METHODS_H_
