#include "controlplane/service/handler_grpc.h"

#include "controlplane/auth/methods.h"

namespace goferd::service {

grpc::ServerUnaryReactor* HandlerServiceGrpc::ListHandlers(
    grpc::CallbackServerContext* context,
    const admin::ListHandlersRequest* request,
    admin::ListHandlersResponse* response) {
  return RunUnary(path_, auth::methods::kListHandlers, context, request,
                  response, methods_, &HandlerMethods::ListHandlers);
}

grpc::ServerUnaryReactor* HandlerServiceGrpc::SetHandlers(
    grpc::CallbackServerContext* context,
    const admin::SetHandlersRequest* request,
    admin::SetHandlersResponse* response) {
  return RunUnary(path_, auth::methods::kSetHandlers, context, request,
                  response, methods_, &HandlerMethods::SetHandlers);
}

grpc::ServerUnaryReactor* HandlerServiceGrpc::ResetHandlers(
    grpc::CallbackServerContext* context,
    const admin::ResetHandlersRequest* request,
    admin::ResetHandlersResponse* response) {
  return RunUnary(path_, auth::methods::kResetHandlers, context, request,
                  response, methods_, &HandlerMethods::ResetHandlers);
}

grpc::ServerUnaryReactor* HandlerServiceGrpc::CreateHandlerRule(
    grpc::CallbackServerContext* context,
    const admin::CreateHandlerRuleRequest* request,
    admin::HandlerRule* response) {
  return RunUnary(path_, auth::methods::kCreateHandlerRule, context, request,
                  response, methods_, &HandlerMethods::CreateHandlerRule);
}

grpc::ServerUnaryReactor* HandlerServiceGrpc::GetHandlerRule(
    grpc::CallbackServerContext* context,
    const admin::GetHandlerRuleRequest* request, admin::HandlerRule* response) {
  return RunUnary(path_, auth::methods::kGetHandlerRule, context, request,
                  response, methods_, &HandlerMethods::GetHandlerRule);
}

grpc::ServerUnaryReactor* HandlerServiceGrpc::ListHandlerRules(
    grpc::CallbackServerContext* context,
    const admin::ListHandlerRulesRequest* request,
    admin::ListHandlerRulesResponse* response) {
  return RunUnary(path_, auth::methods::kListHandlerRules, context, request,
                  response, methods_, &HandlerMethods::ListHandlerRules);
}

grpc::ServerUnaryReactor* HandlerServiceGrpc::DeleteHandlerRule(
    grpc::CallbackServerContext* context,
    const admin::DeleteHandlerRuleRequest* request,
    google::protobuf::Empty* response) {
  return RunUnary(path_, auth::methods::kDeleteHandlerRule, context, request,
                  response, methods_, &HandlerMethods::DeleteHandlerRule);
}

grpc::ServerUnaryReactor* HandlerServiceGrpc::BatchUpsertHandlerRules(
    grpc::CallbackServerContext* context,
    const admin::BatchUpsertHandlerRulesRequest* request,
    admin::BatchUpsertHandlerRulesResponse* response) {
  return RunUnary(path_, auth::methods::kBatchUpsertHandlerRules, context,
                  request, response, methods_,
                  &HandlerMethods::BatchUpsertHandlerRules);
}

}  // namespace goferd::service
