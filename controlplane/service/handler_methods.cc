#include "controlplane/service/handler_methods.h"

#include <limits>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "controlplane/auth/methods.h"
#include "controlplane/errors/error.h"
#include "controlplane/service/effect.h"
#include "controlplane/service/field_checks.h"
#include "controlplane/service/paging.h"

namespace goferd::service {
namespace {

using admin::Handler;
using admin::HandlerAssignment;
using admin::ListHandlersResponse;
using admin::ResetHandlersResponse;
using admin::SetHandlersResponse;
using errors::FieldViolations;

constexpr size_t kDefaultHandlers = 100;
// A request needs no more assignments: no gofer has more messages.
constexpr int kMostAssignments = 1024;
constexpr size_t kMostNameBytes = 63;

std::vector<HandlerAssignment> CheckAssignments(
    FieldViolations& violations, const admin::SetHandlersRequest& request) {
  if (request.assignments_size() > kMostAssignments) {
    violations.Add("assignments",
                   absl::StrCat("must have at most ", kMostAssignments));
    return {};
  }
  std::set<int> seen;
  for (int i = 0; i < request.assignments_size(); ++i) {
    const HandlerAssignment& assignment = request.assignments(i);
    const std::string field = absl::StrCat("assignments[", i, "]");
    CheckMid(violations, absl::StrCat(field, ".mid"), assignment.mid());
    if (!seen.insert(assignment.mid()).second) {
      violations.Add(absl::StrCat(field, ".mid"), "must not be named twice");
    }
    if (assignment.implementation().empty()) {
      violations.Add(absl::StrCat(field, ".implementation"),
                     "must be set, such as \"stock\"; leave the message out to "
                     "have it answered by EOPNOTSUPP");
    } else {
      CheckText(violations, absl::StrCat(field, ".implementation"),
                assignment.implementation(), kMostNameBytes);
    }
  }
  return {request.assignments().begin(), request.assignments().end()};
}

}  // namespace

absl::StatusOr<ListHandlersResponse> HandlerMethods::ListHandlers(
    const CallContext&, const admin::ListHandlersRequest& request) {
  FieldViolations violations;
  const std::string server_id =
      CheckServerName(violations, "parent", request.parent());
  Page page(violations, request.page_size(), request.page_token(),
            PageScope(auth::methods::kListHandlers, request.parent(), ""),
            kDefaultHandlers);
  if (!violations.empty()) return violations.ToStatus();
  const auto handlers = handlers_.List(server_id);
  if (!handlers.ok()) return handlers.status();
  int after = 0;
  if (!page.is_first() && !absl::SimpleAtoi(page.after(), &after)) {
    after = std::numeric_limits<int>::max();
  }
  ListHandlersResponse response;
  for (const Handler& handler : *handlers) {
    if (handler.mid() <= after) continue;
    if (!page.Take(absl::StrCat(static_cast<int>(handler.mid())),
                   handler.ByteSizeLong())) {
      break;
    }
    *response.add_handlers() = handler;
  }
  response.set_next_page_token(page.next_token());
  return response;
}

absl::StatusOr<SetHandlersResponse> HandlerMethods::SetHandlers(
    const CallContext& context, const admin::SetHandlersRequest& request) {
  FieldViolations violations;
  const std::string server_id =
      CheckServerName(violations, "parent", request.parent());
  const std::vector<HandlerAssignment> assignments =
      CheckAssignments(violations, request);
  CheckRequestId(violations, "request_id", request.request_id());
  if (!violations.empty()) return violations.ToStatus();
  return request_ids_.Once<SetHandlersResponse>(
      auth::methods::kSetHandlers, context, request, [&] {
        return handlers_.Set(server_id, request.etag(), assignments,
                             EffectOf(request), EscapesOf(request));
      });
}

absl::StatusOr<ResetHandlersResponse> HandlerMethods::ResetHandlers(
    const CallContext& context, const admin::ResetHandlersRequest& request) {
  FieldViolations violations;
  const std::string server_id =
      CheckServerName(violations, "parent", request.parent());
  CheckEnum(violations, "scope", request.scope(), Unspecified::kRefused);
  CheckRequestId(violations, "request_id", request.request_id());
  if (!violations.empty()) return violations.ToStatus();
  return request_ids_.Once<ResetHandlersResponse>(
      auth::methods::kResetHandlers, context, request, [&] {
        return handlers_.Reset(server_id, request.etag(), request.scope(),
                               EffectOf(request));
      });
}

}  // namespace goferd::service
