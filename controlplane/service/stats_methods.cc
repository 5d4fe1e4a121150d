#include "controlplane/service/stats_methods.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"
#include "controlplane/service/field_checks.h"
#include "controlplane/supervisor/stats_lists.h"

namespace goferd::service {
namespace {

constexpr int kStatsRetryMs = 500;

}  // namespace

absl::StatusOr<admin::Stats> StatsMethods::GetStats(
    const CallContext&, const admin::GetStatsRequest& request) {
  errors::FieldViolations violations;
  const names::ChildName name = CheckServerOrConnectionName(
      violations, "name", request.name(), names::Wildcard::kRefused);
  if (!violations.empty()) return violations.ToStatus();
  auto list = statistics_.GetStats(names::ServerScope(name.server_id),
                                   ConnectionsOf(name));
  if (!list.ok()) return list.status();
  if (list->stats.empty()) {
    return errors::ErrorWithRetry(
        errors::Reason::GOFER_UNREACHABLE,
        absl::StrCat("the gofer of ", names::FormatServerName(name.server_id),
                     " did not answer: try again later"),
        kStatsRetryMs, {{"resource", request.name()}});
  }
  return std::move(list->stats.front());
}

}  // namespace goferd::service
