// HandlerMethods: the bodies of HandlerService.

#ifndef GOFERD_CONTROLPLANE_SERVICE_HANDLER_METHODS_H_
#define GOFERD_CONTROLPLANE_SERVICE_HANDLER_METHODS_H_

#include <google/protobuf/empty.pb.h>

#include "absl/status/statusor.h"
#include "controlplane/service/call_context.h"
#include "controlplane/service/request_id_cache.h"
#include "controlplane/supervisor/handlers.h"
#include "controlplane/supervisor/rules.h"
#include "goferd/admin/v1/handler_rule.pb.h"
#include "goferd/admin/v1/handler_service.pb.h"

namespace goferd::service {

namespace admin = goferd::admin::v1;

// See handler_service.proto. The methods about rules are in rule_methods.cc.
// Thread-safe.
class HandlerMethods {
 public:
  // All parameters outlive the object.
  HandlerMethods(supervisor::Handlers& handlers, supervisor::Rules& rules,
                 RequestIdCache& request_ids)
      : handlers_(handlers), rules_(rules), request_ids_(request_ids) {}

  absl::StatusOr<admin::ListHandlersResponse> ListHandlers(
      const CallContext& context, const admin::ListHandlersRequest& request);
  absl::StatusOr<admin::SetHandlersResponse> SetHandlers(
      const CallContext& context, const admin::SetHandlersRequest& request);
  absl::StatusOr<admin::ResetHandlersResponse> ResetHandlers(
      const CallContext& context, const admin::ResetHandlersRequest& request);

  absl::StatusOr<admin::HandlerRule> CreateHandlerRule(
      const CallContext& context,
      const admin::CreateHandlerRuleRequest& request);
  absl::StatusOr<admin::HandlerRule> GetHandlerRule(
      const CallContext& context, const admin::GetHandlerRuleRequest& request);
  absl::StatusOr<admin::ListHandlerRulesResponse> ListHandlerRules(
      const CallContext& context,
      const admin::ListHandlerRulesRequest& request);
  absl::StatusOr<google::protobuf::Empty> DeleteHandlerRule(
      const CallContext& context,
      const admin::DeleteHandlerRuleRequest& request);
  absl::StatusOr<admin::BatchUpsertHandlerRulesResponse>
  BatchUpsertHandlerRules(const CallContext& context,
                          const admin::BatchUpsertHandlerRulesRequest& request);

 private:
  supervisor::Handlers& handlers_;
  supervisor::Rules& rules_;
  RequestIdCache& request_ids_;
};

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_HANDLER_METHODS_H_
