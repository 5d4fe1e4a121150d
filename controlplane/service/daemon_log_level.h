// DaemonLogLevel: the level of goferd's own log, in the API's terms.

#ifndef GOFERD_CONTROLPLANE_SERVICE_DAEMON_LOG_LEVEL_H_
#define GOFERD_CONTROLPLANE_SERVICE_DAEMON_LOG_LEVEL_H_

#include "goferd/admin/v1/log_level.pb.h"

namespace goferd::service {

namespace admin = goferd::admin::v1;

// Both functions are thread-safe.
admin::LogLevel DaemonLogLevel();
// `level` must not be LOG_LEVEL_UNSPECIFIED.
void SetDaemonLogLevel(admin::LogLevel level);

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_DAEMON_LOG_LEVEL_H_
