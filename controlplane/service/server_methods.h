// ServerMethods: the bodies of ServerService.

#ifndef GOFERD_CONTROLPLANE_SERVICE_SERVER_METHODS_H_
#define GOFERD_CONTROLPLANE_SERVICE_SERVER_METHODS_H_

#include <google/protobuf/empty.pb.h>

#include "absl/status/statusor.h"
#include "controlplane/auth/method_policy.h"
#include "controlplane/service/call_context.h"
#include "controlplane/service/request_id_cache.h"
#include "controlplane/supervisor/servers.h"
#include "goferd/admin/v1/server.pb.h"
#include "goferd/admin/v1/server_service.pb.h"
#include "goferd/config/v1/config.pb.h"

namespace goferd::service {

namespace admin = goferd::admin::v1;

// See server_service.proto. Thread-safe.
class ServerMethods {
 public:
  // All parameters outlive the object.
  ServerMethods(supervisor::Servers& servers,
                const config::v1::DaemonConfig& config,
                RequestIdCache& request_ids)
      : servers_(servers), config_(config), request_ids_(request_ids) {}

  absl::StatusOr<admin::Server> CreateServer(
      const CallContext& context, const admin::CreateServerRequest& request);
  absl::StatusOr<admin::Server> GetServer(
      const CallContext& context, const admin::GetServerRequest& request);
  absl::StatusOr<admin::ListServersResponse> ListServers(
      const CallContext& context, const admin::ListServersRequest& request);
  absl::StatusOr<admin::Server> UpdateServer(
      const CallContext& context, const admin::UpdateServerRequest& request);
  absl::StatusOr<google::protobuf::Empty> DeleteServer(
      const CallContext& context, const admin::DeleteServerRequest& request);
  absl::StatusOr<admin::Server> DrainServer(
      const CallContext& context, const admin::DrainServerRequest& request);
  absl::StatusOr<admin::Server> UndrainServer(
      const CallContext& context, const admin::UndrainServerRequest& request);

 private:
  // What UpdateServer with allow_missing does without a server.
  absl::StatusOr<admin::Server> CreateMissing(
      const std::string& id, const CallContext& context,
      const admin::UpdateServerRequest& request);
  template <class Request>
  absl::StatusOr<admin::Server> SetDraining(const auth::MethodPolicy& method,
                                            const CallContext& context,
                                            const Request& request,
                                            bool draining,
                                            supervisor::Escapes escapes);

  supervisor::Servers& servers_;
  const config::v1::DaemonConfig& config_;
  RequestIdCache& request_ids_;
};

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_SERVER_METHODS_H_
