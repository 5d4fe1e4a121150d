#include "controlplane/service/daemon_log_level.h"

#include "server/base/log.h"

namespace goferd::service {

using gofer::base::LogLevel;

admin::LogLevel DaemonLogLevel() {
  switch (gofer::base::Log().level()) {
    case LogLevel::kTrace:
    case LogLevel::kDebug:
      return admin::LOG_LEVEL_DEBUG;
    case LogLevel::kInfo:
      return admin::LOG_LEVEL_INFO;
    case LogLevel::kWarning:
      return admin::LOG_LEVEL_WARNING;
    case LogLevel::kOff:
      return admin::LOG_LEVEL_OFF;
    default:
      return admin::LOG_LEVEL_ERROR;
  }
}

void SetDaemonLogLevel(admin::LogLevel level) {
  switch (level) {
    case admin::LOG_LEVEL_DEBUG:
      gofer::base::SetLogLevel("debug");
      return;
    case admin::LOG_LEVEL_INFO:
      gofer::base::SetLogLevel("info");
      return;
    case admin::LOG_LEVEL_WARNING:
      gofer::base::SetLogLevel("warning");
      return;
    case admin::LOG_LEVEL_OFF:
      gofer::base::SetLogLevel("off");
      return;
    default:
      gofer::base::SetLogLevel("error");
  }
}

}  // namespace goferd::service
