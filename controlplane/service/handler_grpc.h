// HandlerServiceGrpc: HandlerService over gRPC.

#ifndef GOFERD_CONTROLPLANE_SERVICE_HANDLER_GRPC_H_
#define GOFERD_CONTROLPLANE_SERVICE_HANDLER_GRPC_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "controlplane/service/handler_methods.h"
#include "controlplane/service/unary.h"
#include "goferd/admin/v1/handler_service.grpc.pb.h"

namespace goferd::service {

// Calls the methods of HandlerMethods. All that it is given outlives it.
class HandlerServiceGrpc final : public admin::HandlerService::CallbackService {
 public:
  HandlerServiceGrpc(const CallPath& path, HandlerMethods& methods)
      : path_(path), methods_(methods) {}

  grpc::ServerUnaryReactor* ListHandlers(
      grpc::CallbackServerContext* context,
      const admin::ListHandlersRequest* request,
      admin::ListHandlersResponse* response) override;
  grpc::ServerUnaryReactor* SetHandlers(
      grpc::CallbackServerContext* context,
      const admin::SetHandlersRequest* request,
      admin::SetHandlersResponse* response) override;
  grpc::ServerUnaryReactor* ResetHandlers(
      grpc::CallbackServerContext* context,
      const admin::ResetHandlersRequest* request,
      admin::ResetHandlersResponse* response) override;
  grpc::ServerUnaryReactor* CreateHandlerRule(
      grpc::CallbackServerContext* context,
      const admin::CreateHandlerRuleRequest* request,
      admin::HandlerRule* response) override;
  grpc::ServerUnaryReactor* GetHandlerRule(
      grpc::CallbackServerContext* context,
      const admin::GetHandlerRuleRequest* request,
      admin::HandlerRule* response) override;
  grpc::ServerUnaryReactor* ListHandlerRules(
      grpc::CallbackServerContext* context,
      const admin::ListHandlerRulesRequest* request,
      admin::ListHandlerRulesResponse* response) override;
  grpc::ServerUnaryReactor* DeleteHandlerRule(
      grpc::CallbackServerContext* context,
      const admin::DeleteHandlerRuleRequest* request,
      google::protobuf::Empty* response) override;
  grpc::ServerUnaryReactor* BatchUpsertHandlerRules(
      grpc::CallbackServerContext* context,
      const admin::BatchUpsertHandlerRulesRequest* request,
      admin::BatchUpsertHandlerRulesResponse* response) override;

 private:
  const CallPath path_;
  HandlerMethods& methods_;
};

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_HANDLER_GRPC_H_
