// HandlerMethods: the bodies of HandlerService.

#ifndef GOFERD_CONTROLPLANE_SERVICE_HANDLER_METHODS_H_
#define GOFERD_CONTROLPLANE_SERVICE_HANDLER_METHODS_H_

#include "controlplane/service/bodies.h"
#include "controlplane/service/request_id_cache.h"
#include "controlplane/supervisor/handlers.h"
#include "controlplane/supervisor/rules.h"

namespace goferd::service {

// See handler_service.proto. The methods about rules are in rule_methods.cc.
// Thread-safe.
class HandlerMethods final : public HandlerBodies {
 public:
  // All of it outlives the object.
  HandlerMethods(supervisor::Handlers& handlers, supervisor::Rules& rules,
                 RequestIdCache& request_ids)
      : handlers_(handlers), rules_(rules), request_ids_(request_ids) {}

  absl::StatusOr<admin::ListHandlersResponse> ListHandlers(
      const CallContext& context,
      const admin::ListHandlersRequest& request) override;
  absl::StatusOr<admin::SetHandlersResponse> SetHandlers(
      const CallContext& context,
      const admin::SetHandlersRequest& request) override;
  absl::StatusOr<admin::ResetHandlersResponse> ResetHandlers(
      const CallContext& context,
      const admin::ResetHandlersRequest& request) override;

  absl::StatusOr<admin::HandlerRule> CreateHandlerRule(
      const CallContext& context,
      const admin::CreateHandlerRuleRequest& request) override;
  absl::StatusOr<admin::HandlerRule> GetHandlerRule(
      const CallContext& context,
      const admin::GetHandlerRuleRequest& request) override;
  absl::StatusOr<admin::ListHandlerRulesResponse> ListHandlerRules(
      const CallContext& context,
      const admin::ListHandlerRulesRequest& request) override;
  absl::StatusOr<google::protobuf::Empty> DeleteHandlerRule(
      const CallContext& context,
      const admin::DeleteHandlerRuleRequest& request) override;
  absl::StatusOr<admin::BatchUpsertHandlerRulesResponse>
  BatchUpsertHandlerRules(
      const CallContext& context,
      const admin::BatchUpsertHandlerRulesRequest& request) override;

 private:
  supervisor::Handlers& handlers_;
  supervisor::Rules& rules_;
  RequestIdCache& request_ids_;
};

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_HANDLER_METHODS_H_
