#include "controlplane/daemon/grpc_log.h"

#include <grpc/support/log.h>

#include "absl/strings/str_cat.h"
#include "server/base/log.h"
#include "server/base/log_format.h"

namespace goferd::daemon {
namespace {

void Write(gpr_log_func_args* entry) {
  static gofer::base::RateLimit limit;
  uint64_t suppressed = 0;
  if (!limit.Allow(&suppressed)) return;
  gofer::base::LogOf(
      "grpc", gofer::base::LogLevel::kWarning,
      absl::StrCat(entry->message, " (", suppressed, " more before)"));
}

}  // namespace

void RouteGrpcLog() {
  gpr_set_log_function(Write);
  gpr_set_log_verbosity(GPR_LOG_SEVERITY_ERROR);
}

}  // namespace goferd::daemon
