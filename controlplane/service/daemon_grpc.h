// DaemonServiceGrpc: DaemonService over gRPC.

#ifndef GOFERD_CONTROLPLANE_SERVICE_DAEMON_GRPC_H_
#define GOFERD_CONTROLPLANE_SERVICE_DAEMON_GRPC_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "controlplane/service/daemon_methods.h"
#include "controlplane/service/unary.h"
#include "goferd/admin/v1/daemon_service.grpc.pb.h"

namespace goferd::service {

// Calls the methods of DaemonMethods. All that it is given outlives it.
class DaemonServiceGrpc final : public admin::DaemonService::CallbackService {
 public:
  DaemonServiceGrpc(const CallPath& path, DaemonMethods& methods)
      : path_(path), methods_(methods) {}

  grpc::ServerUnaryReactor* GetInfo(grpc::CallbackServerContext* context,
                                    const admin::GetInfoRequest* request,
                                    admin::DaemonInfo* response) override;
  grpc::ServerUnaryReactor* SetLogLevel(
      grpc::CallbackServerContext* context,
      const admin::SetLogLevelRequest* request,
      admin::SetLogLevelResponse* response) override;
  grpc::ServerUnaryReactor* ListInflightRpcs(
      grpc::CallbackServerContext* context,
      const admin::ListInflightRpcsRequest* request,
      admin::ListInflightRpcsResponse* response) override;

 private:
  const CallPath path_;
  DaemonMethods& methods_;
};

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_DAEMON_GRPC_H_
