// ServerMethods: the bodies of ServerService.

#ifndef GOFERD_CONTROLPLANE_SERVICE_SERVER_METHODS_H_
#define GOFERD_CONTROLPLANE_SERVICE_SERVER_METHODS_H_

#include "absl/strings/string_view.h"
#include "controlplane/service/bodies.h"
#include "controlplane/service/request_id_cache.h"
#include "controlplane/supervisor/servers.h"
#include "goferd/config/v1/config.pb.h"

namespace goferd::service {

// See server_service.proto. Thread-safe.
class ServerMethods final : public ServerBodies {
 public:
  // All of it outlives the object.
  ServerMethods(supervisor::Servers& servers,
                const config::v1::DaemonConfig& config,
                RequestIdCache& request_ids)
      : servers_(servers), config_(config), request_ids_(request_ids) {}

  absl::StatusOr<admin::Server> CreateServer(
      const CallContext& context,
      const admin::CreateServerRequest& request) override;
  absl::StatusOr<admin::Server> GetServer(
      const CallContext& context,
      const admin::GetServerRequest& request) override;
  absl::StatusOr<admin::ListServersResponse> ListServers(
      const CallContext& context,
      const admin::ListServersRequest& request) override;
  absl::StatusOr<admin::Server> UpdateServer(
      const CallContext& context,
      const admin::UpdateServerRequest& request) override;
  absl::StatusOr<google::protobuf::Empty> DeleteServer(
      const CallContext& context,
      const admin::DeleteServerRequest& request) override;
  absl::StatusOr<admin::Server> DrainServer(
      const CallContext& context,
      const admin::DrainServerRequest& request) override;
  absl::StatusOr<admin::Server> UndrainServer(
      const CallContext& context,
      const admin::UndrainServerRequest& request) override;

 private:
  template <class Request>
  absl::StatusOr<admin::Server> SetDraining(absl::string_view method,
                                            const CallContext& context,
                                            const Request& request,
                                            bool draining);

  supervisor::Servers& servers_;
  const config::v1::DaemonConfig& config_;
  RequestIdCache& request_ids_;
};

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_SERVER_METHODS_H_
