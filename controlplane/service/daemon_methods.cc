#include "controlplane/service/daemon_methods.h"

#include <utility>

#include "controlplane/auth/methods.h"
#include "controlplane/errors/error.h"
#include "controlplane/model/event_log.h"
#include "controlplane/service/daemon_log_level.h"
#include "controlplane/service/effect.h"
#include "controlplane/service/field_checks.h"
#include "controlplane/service/kernel_features.h"
#include "controlplane/service/paging.h"
#include "controlplane/translate/time_conversion.h"

namespace goferd::service {
namespace {

using admin::ListInflightRpcsResponse;
using admin::SetLogLevelResponse;
using errors::FieldViolations;

admin::DaemonLimits LimitsOf(const config::v1::DaemonConfig& config) {
  admin::DaemonLimits limits;
  limits.set_max_servers(config.servers().max_servers());
  limits.set_max_pending_tickets(config.attach().max_pending_tickets());
  limits.set_max_handler_rules_per_server(config.servers().max_handler_rules());
  limits.set_max_request_bytes(config.grpc().max_request_bytes());
  *limits.mutable_default_server_limits() = config.servers().default_limits();
  *limits.mutable_max_server_limits() = config.servers().max_limits();
  return limits;
}

std::string InflightScope(const admin::ListInflightRpcsRequest& request) {
  return PageScope(auth::methods::kListInflightRpcs, request.parent(),
                   request.min_age().SerializeAsString());
}

absl::Status PagesGone() {
  FieldViolations violations;
  violations.Add("page_token",
                 "is of a list that is not kept any more; begin again without "
                 "one",
                 errors::Reason::PAGE_TOKEN_MISMATCH);
  return violations.ToStatus();
}

}  // namespace

DaemonMethods::DaemonMethods(const supervisor::Node& node,
                             RequestIdCache& request_ids, DaemonFacts facts)
    : statistics_(node.statistics),
      request_ids_(request_ids),
      info_(MakeInfo(node, facts)) {}

admin::DaemonInfo DaemonMethods::MakeInfo(const supervisor::Node& node,
                                          const DaemonFacts& facts) {
  const config::v1::DaemonConfig& config = node.config;
  admin::DaemonInfo info;
  info.set_version(facts.version);
  info.set_node(config.node());
  info.set_instance_uid(node.events.instance_uid());
  *info.mutable_start_time() = translate::ToProto(facts.start_time);
  *info.mutable_limits() = LimitsOf(config);
  info.mutable_capabilities()->Assign(facts.capabilities.begin(),
                                      facts.capabilities.end());
  for (int mid = admin::Mid_MIN + 1; mid <= admin::Mid_MAX; ++mid) {
    if (admin::Mid_IsValid(mid)) {
      info.add_supported_mids(static_cast<admin::Mid>(mid));
    }
  }
  info.set_kernel_release(KernelRelease());
  const std::vector<std::string> features = KernelFeatures();
  info.mutable_kernel_features()->Assign(features.begin(), features.end());
  *info.mutable_allowed_roots() = config.allowed_roots();
  info.set_attach_socket_path(config.attach().path());
  return info;
}

absl::StatusOr<admin::DaemonInfo> DaemonMethods::GetInfo(
    const CallContext&, const admin::GetInfoRequest&) {
  admin::DaemonInfo info = info_;
  info.set_log_level(DaemonLogLevel());
  return info;
}

absl::StatusOr<SetLogLevelResponse> DaemonMethods::SetLogLevel(
    const CallContext& context, const admin::SetLogLevelRequest& request) {
  FieldViolations violations;
  std::string server_id;
  if (!request.name().empty()) {
    server_id = CheckServerName(violations, "name", request.name(),
                                names::Wildcard::kAllowed);
  }
  CheckEnum(violations, "log_level", request.log_level(),
            Unspecified::kRefused);
  CheckRequestId(violations, "request_id", request.request_id());
  if (!violations.empty()) return violations.ToStatus();
  return request_ids_.Once<SetLogLevelResponse>(
      auth::methods::kSetLogLevel, context, request,
      [&]() -> absl::StatusOr<SetLogLevelResponse> {
        SetLogLevelResponse response;
        if (request.name().empty()) {
          response.set_previous_log_level(DaemonLogLevel());
          if (!request.validate_only()) SetDaemonLogLevel(request.log_level());
          return response;
        }
        auto change = statistics_.SetGoferLogLevel(
            names::ServerScope(server_id), request.log_level(),
            EffectOf(request));
        if (!change.ok()) return change.status();
        response.set_previous_log_level(change->former);
        response.mutable_unreachable()->Assign(change->unreachable.begin(),
                                               change->unreachable.end());
        return response;
      });
}

absl::StatusOr<ListInflightRpcsResponse> DaemonMethods::ListInflightRpcs(
    const CallContext&, const admin::ListInflightRpcsRequest& request) {
  FieldViolations violations;
  const names::ChildName name = CheckServerOrConnectionName(
      violations, "parent", request.parent(), names::Wildcard::kAllowed);
  const absl::Duration min_age =
      CheckDuration(violations, "min_age", request.min_age(),
                    absl::ZeroDuration(), absl::InfiniteDuration());
  Page page(violations, request.page_size(), request.page_token(),
            InflightScope(request));
  if (!violations.empty()) return violations.ToStatus();
  InflightPages::Place place;
  if (page.is_first()) {
    auto list = statistics_.ListInflight(
        names::ServerScope(name.server_id),
        ConnectionsOf(name).value_or(names::ConnectionScope::All()), min_age);
    if (!list.ok()) return list.status();
    place = inflight_.Begin(*std::move(list));
  } else if (auto found = inflight_.Find(page.after())) {
    place = *std::move(found);
  } else {
    return PagesGone();
  }
  ListInflightRpcsResponse response;
  const auto& rpcs = place.list->rpcs;
  for (size_t i = place.offset; i < rpcs.size(); ++i) {
    if (!page.Take(InflightPages::Format(place.id, i + 1),
                   rpcs[i].ByteSizeLong())) {
      break;
    }
    *response.add_inflight_rpcs() = rpcs[i];
  }
  response.set_next_page_token(page.next_token());
  if (page.is_first() && !response.next_page_token().empty()) {
    inflight_.Keep(place);
  }
  response.mutable_unreachable()->Assign(place.list->unreachable.begin(),
                                         place.list->unreachable.end());
  return response;
}

}  // namespace goferd::service
