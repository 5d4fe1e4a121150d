// ConnectionMethods: the bodies of ConnectionService.

#ifndef GOFERD_CONTROLPLANE_SERVICE_CONNECTION_METHODS_H_
#define GOFERD_CONTROLPLANE_SERVICE_CONNECTION_METHODS_H_

#include "controlplane/service/bodies.h"
#include "controlplane/service/request_id_cache.h"
#include "controlplane/supervisor/supervisor.h"

namespace goferd::service {

// See connection_service.proto. Tickets are never kept: a repeated request gets
// new ones. Thread-safe.
class ConnectionMethods final : public ConnectionBodies {
 public:
  // Both outlive it.
  ConnectionMethods(supervisor::Supervisor& supervisor,
                    RequestIdCache& request_ids)
      : supervisor_(supervisor), request_ids_(request_ids) {}

  absl::StatusOr<admin::StartConnectionResponse> StartConnection(
      const CallContext& context,
      const admin::StartConnectionRequest& request) override;
  absl::StatusOr<admin::BatchStartConnectionsResponse> BatchStartConnections(
      const CallContext& context,
      const admin::BatchStartConnectionsRequest& request) override;
  absl::StatusOr<admin::Connection> GetConnection(
      const CallContext& context,
      const admin::GetConnectionRequest& request) override;
  absl::StatusOr<admin::ListConnectionsResponse> ListConnections(
      const CallContext& context,
      const admin::ListConnectionsRequest& request) override;
  absl::StatusOr<admin::Connection> StopConnection(
      const CallContext& context,
      const admin::StopConnectionRequest& request) override;
  absl::StatusOr<admin::GetActiveConnectionCountResponse>
  GetActiveConnectionCount(
      const CallContext& context,
      const admin::GetActiveConnectionCountRequest& request) override;

 private:
  absl::StatusOr<admin::StartConnectionResponse> Renew(
      const admin::Connection& connection);
  absl::Status AddUnreachable(const std::string& server_id,
                              admin::ListConnectionsResponse& response) const;

  supervisor::Supervisor& supervisor_;
  RequestIdCache& request_ids_;
};

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_CONNECTION_METHODS_H_
