#include "controlplane/service/connection_grpc.h"

namespace goferd::service {

grpc::ServerUnaryReactor* ConnectionServiceGrpc::StartConnection(
    grpc::CallbackServerContext* context,
    const admin::StartConnectionRequest* request,
    admin::StartConnectionResponse* response) {
  return RunUnary(path_, "/goferd.admin.v1.ConnectionService/StartConnection",
                  context, request, response, methods_,
                  &ConnectionMethods::StartConnection);
}

grpc::ServerUnaryReactor* ConnectionServiceGrpc::BatchStartConnections(
    grpc::CallbackServerContext* context,
    const admin::BatchStartConnectionsRequest* request,
    admin::BatchStartConnectionsResponse* response) {
  return RunUnary(path_,
                  "/goferd.admin.v1.ConnectionService/BatchStartConnections",
                  context, request, response, methods_,
                  &ConnectionMethods::BatchStartConnections);
}

grpc::ServerUnaryReactor* ConnectionServiceGrpc::GetConnection(
    grpc::CallbackServerContext* context,
    const admin::GetConnectionRequest* request, admin::Connection* response) {
  return RunUnary(path_, "/goferd.admin.v1.ConnectionService/GetConnection",
                  context, request, response, methods_,
                  &ConnectionMethods::GetConnection);
}

grpc::ServerUnaryReactor* ConnectionServiceGrpc::ListConnections(
    grpc::CallbackServerContext* context,
    const admin::ListConnectionsRequest* request,
    admin::ListConnectionsResponse* response) {
  return RunUnary(path_, "/goferd.admin.v1.ConnectionService/ListConnections",
                  context, request, response, methods_,
                  &ConnectionMethods::ListConnections);
}

grpc::ServerUnaryReactor* ConnectionServiceGrpc::StopConnection(
    grpc::CallbackServerContext* context,
    const admin::StopConnectionRequest* request, admin::Connection* response) {
  return RunUnary(path_, "/goferd.admin.v1.ConnectionService/StopConnection",
                  context, request, response, methods_,
                  &ConnectionMethods::StopConnection);
}

grpc::ServerUnaryReactor* ConnectionServiceGrpc::GetActiveConnectionCount(
    grpc::CallbackServerContext* context,
    const admin::GetActiveConnectionCountRequest* request,
    admin::GetActiveConnectionCountResponse* response) {
  return RunUnary(path_,
                  "/goferd.admin.v1.ConnectionService/GetActiveConnectionCount",
                  context, request, response, methods_,
                  &ConnectionMethods::GetActiveConnectionCount);
}

}  // namespace goferd::service
