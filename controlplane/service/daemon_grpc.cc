#include "controlplane/service/daemon_grpc.h"

#include "controlplane/auth/methods.h"

namespace goferd::service {

grpc::ServerUnaryReactor* DaemonServiceGrpc::GetInfo(
    grpc::CallbackServerContext* context, const admin::GetInfoRequest* request,
    admin::DaemonInfo* response) {
  return RunUnary(path_, auth::methods::kGetInfo, context, request, response,
                  methods_, &DaemonMethods::GetInfo);
}

grpc::ServerUnaryReactor* DaemonServiceGrpc::SetLogLevel(
    grpc::CallbackServerContext* context,
    const admin::SetLogLevelRequest* request,
    admin::SetLogLevelResponse* response) {
  return RunUnary(path_, auth::methods::kSetLogLevel, context, request,
                  response, methods_, &DaemonMethods::SetLogLevel);
}

grpc::ServerUnaryReactor* DaemonServiceGrpc::ListInflightRpcs(
    grpc::CallbackServerContext* context,
    const admin::ListInflightRpcsRequest* request,
    admin::ListInflightRpcsResponse* response) {
  return RunUnary(path_, auth::methods::kListInflightRpcs, context, request,
                  response, methods_, &DaemonMethods::ListInflightRpcs);
}

}  // namespace goferd::service
