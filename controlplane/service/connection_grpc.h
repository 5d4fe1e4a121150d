// ConnectionServiceGrpc: ConnectionService over gRPC.

#ifndef GOFERD_CONTROLPLANE_SERVICE_CONNECTION_GRPC_H_
#define GOFERD_CONTROLPLANE_SERVICE_CONNECTION_GRPC_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "controlplane/service/connection_methods.h"
#include "controlplane/service/unary.h"
#include "goferd/admin/v1/connection_service.grpc.pb.h"

namespace goferd::service {

// Calls the methods of ConnectionMethods. All that it is given outlives it.
class ConnectionServiceGrpc final
    : public admin::ConnectionService::CallbackService {
 public:
  ConnectionServiceGrpc(const CallPath& path, ConnectionMethods& methods)
      : path_(path), methods_(methods) {}

  grpc::ServerUnaryReactor* StartConnection(
      grpc::CallbackServerContext* context,
      const admin::StartConnectionRequest* request,
      admin::StartConnectionResponse* response) override;
  grpc::ServerUnaryReactor* BatchStartConnections(
      grpc::CallbackServerContext* context,
      const admin::BatchStartConnectionsRequest* request,
      admin::BatchStartConnectionsResponse* response) override;
  grpc::ServerUnaryReactor* GetConnection(
      grpc::CallbackServerContext* context,
      const admin::GetConnectionRequest* request,
      admin::Connection* response) override;
  grpc::ServerUnaryReactor* ListConnections(
      grpc::CallbackServerContext* context,
      const admin::ListConnectionsRequest* request,
      admin::ListConnectionsResponse* response) override;
  grpc::ServerUnaryReactor* StopConnection(
      grpc::CallbackServerContext* context,
      const admin::StopConnectionRequest* request,
      admin::Connection* response) override;
  grpc::ServerUnaryReactor* GetActiveConnectionCount(
      grpc::CallbackServerContext* context,
      const admin::GetActiveConnectionCountRequest* request,
      admin::GetActiveConnectionCountResponse* response) override;

 private:
  const CallPath path_;
  ConnectionMethods& methods_;
};

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_CONNECTION_GRPC_H_
