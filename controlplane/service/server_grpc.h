// ServerServiceGrpc: ServerService over gRPC.

#ifndef GOFERD_CONTROLPLANE_SERVICE_SERVER_GRPC_H_
#define GOFERD_CONTROLPLANE_SERVICE_SERVER_GRPC_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "controlplane/service/live_calls.h"
#include "controlplane/service/server_methods.h"
#include "controlplane/service/unary.h"
#include "goferd/admin/v1/server_service.grpc.pb.h"

namespace goferd::service {

// Calls the methods of ServerMethods and live_calls.h. All that it is given
// outlives it.
class ServerServiceGrpc final : public admin::ServerService::CallbackService {
 public:
  ServerServiceGrpc(const CallPath& path, ServerMethods& methods,
                    const LiveCalls& live)
      : path_(path), methods_(methods), live_(live) {}

  grpc::ServerUnaryReactor* CreateServer(
      grpc::CallbackServerContext* context,
      const admin::CreateServerRequest* request,
      admin::Server* response) override;
  grpc::ServerUnaryReactor* GetServer(grpc::CallbackServerContext* context,
                                      const admin::GetServerRequest* request,
                                      admin::Server* response) override;
  grpc::ServerUnaryReactor* ListServers(
      grpc::CallbackServerContext* context,
      const admin::ListServersRequest* request,
      admin::ListServersResponse* response) override;
  grpc::ServerUnaryReactor* UpdateServer(
      grpc::CallbackServerContext* context,
      const admin::UpdateServerRequest* request,
      admin::Server* response) override;
  grpc::ServerUnaryReactor* DeleteServer(
      grpc::CallbackServerContext* context,
      const admin::DeleteServerRequest* request,
      google::protobuf::Empty* response) override;
  grpc::ServerUnaryReactor* DrainServer(
      grpc::CallbackServerContext* context,
      const admin::DrainServerRequest* request,
      admin::Server* response) override;
  grpc::ServerUnaryReactor* UndrainServer(
      grpc::CallbackServerContext* context,
      const admin::UndrainServerRequest* request,
      admin::Server* response) override;
  grpc::ServerUnaryReactor* WaitServer(grpc::CallbackServerContext* context,
                                       const admin::WaitServerRequest* request,
                                       admin::Server* response) override;

 private:
  const CallPath path_;
  ServerMethods& methods_;
  const LiveCalls live_;
};

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_SERVER_GRPC_H_
