#include "controlplane/service/connection_grpc.h"

#include "controlplane/auth/methods.h"

namespace goferd::service {

grpc::ServerUnaryReactor* ConnectionServiceGrpc::StartConnection(
    grpc::CallbackServerContext* context,
    const admin::StartConnectionRequest* request,
    admin::StartConnectionResponse* response) {
  return RunUnary(path_, auth::methods::kStartConnection, context, request,
                  response, methods_, &ConnectionMethods::StartConnection);
}

grpc::ServerUnaryReactor* ConnectionServiceGrpc::BatchStartConnections(
    grpc::CallbackServerContext* context,
    const admin::BatchStartConnectionsRequest* request,
    admin::BatchStartConnectionsResponse* response) {
  return RunUnary(path_, auth::methods::kBatchStartConnections, context,
                  request, response, methods_,
                  &ConnectionMethods::BatchStartConnections);
}

grpc::ServerUnaryReactor* ConnectionServiceGrpc::GetConnection(
    grpc::CallbackServerContext* context,
    const admin::GetConnectionRequest* request, admin::Connection* response) {
  return RunUnary(path_, auth::methods::kGetConnection, context, request,
                  response, methods_, &ConnectionMethods::GetConnection);
}

grpc::ServerUnaryReactor* ConnectionServiceGrpc::ListConnections(
    grpc::CallbackServerContext* context,
    const admin::ListConnectionsRequest* request,
    admin::ListConnectionsResponse* response) {
  return RunUnary(path_, auth::methods::kListConnections, context, request,
                  response, methods_, &ConnectionMethods::ListConnections);
}

grpc::ServerUnaryReactor* ConnectionServiceGrpc::StopConnection(
    grpc::CallbackServerContext* context,
    const admin::StopConnectionRequest* request, admin::Connection* response) {
  return RunUnary(path_, auth::methods::kStopConnection, context, request,
                  response, methods_, &ConnectionMethods::StopConnection);
}

grpc::ServerUnaryReactor* ConnectionServiceGrpc::GetActiveConnectionCount(
    grpc::CallbackServerContext* context,
    const admin::GetActiveConnectionCountRequest* request,
    admin::GetActiveConnectionCountResponse* response) {
  return RunUnary(path_, auth::methods::kGetActiveConnectionCount, context,
                  request, response, methods_,
                  &ConnectionMethods::GetActiveConnectionCount);
}

}  // namespace goferd::service
