#include "controlplane/service/server_grpc.h"

#include "controlplane/auth/methods.h"

namespace goferd::service {

grpc::ServerUnaryReactor* ServerServiceGrpc::CreateServer(
    grpc::CallbackServerContext* context,
    const admin::CreateServerRequest* request, admin::Server* response) {
  return RunUnary(path_, auth::methods::kCreateServer, context, request,
                  response, methods_, &ServerMethods::CreateServer);
}

grpc::ServerUnaryReactor* ServerServiceGrpc::GetServer(
    grpc::CallbackServerContext* context,
    const admin::GetServerRequest* request, admin::Server* response) {
  return RunUnary(path_, auth::methods::kGetServer, context, request, response,
                  methods_, &ServerMethods::GetServer);
}

grpc::ServerUnaryReactor* ServerServiceGrpc::ListServers(
    grpc::CallbackServerContext* context,
    const admin::ListServersRequest* request,
    admin::ListServersResponse* response) {
  return RunUnary(path_, auth::methods::kListServers, context, request,
                  response, methods_, &ServerMethods::ListServers);
}

grpc::ServerUnaryReactor* ServerServiceGrpc::UpdateServer(
    grpc::CallbackServerContext* context,
    const admin::UpdateServerRequest* request, admin::Server* response) {
  return RunUnary(path_, auth::methods::kUpdateServer, context, request,
                  response, methods_, &ServerMethods::UpdateServer);
}

grpc::ServerUnaryReactor* ServerServiceGrpc::DeleteServer(
    grpc::CallbackServerContext* context,
    const admin::DeleteServerRequest* request,
    google::protobuf::Empty* response) {
  return RunUnary(path_, auth::methods::kDeleteServer, context, request,
                  response, methods_, &ServerMethods::DeleteServer);
}

grpc::ServerUnaryReactor* ServerServiceGrpc::DrainServer(
    grpc::CallbackServerContext* context,
    const admin::DrainServerRequest* request, admin::Server* response) {
  return RunUnary(path_, auth::methods::kDrainServer, context, request,
                  response, methods_, &ServerMethods::DrainServer);
}

grpc::ServerUnaryReactor* ServerServiceGrpc::UndrainServer(
    grpc::CallbackServerContext* context,
    const admin::UndrainServerRequest* request, admin::Server* response) {
  return RunUnary(path_, auth::methods::kUndrainServer, context, request,
                  response, methods_, &ServerMethods::UndrainServer);
}

grpc::ServerUnaryReactor* ServerServiceGrpc::WaitServer(
    grpc::CallbackServerContext* context,
    const admin::WaitServerRequest* request, admin::Server* response) {
  return StartWaitServer(live_, context, *request, *response);
}

}  // namespace goferd::service
