// How much goferd itself logs, as the API says it.

#ifndef GOFERD_CONTROLPLANE_SERVICE_DAEMON_LOG_LEVEL_H_
#define GOFERD_CONTROLPLANE_SERVICE_DAEMON_LOG_LEVEL_H_

#include "goferd/admin/v1/log_level.pb.h"

namespace goferd::service {

namespace admin = goferd::admin::v1;

// Thread-safe, both.
admin::LogLevel DaemonLogLevel();
// `level` is not unspecified.
void SetDaemonLogLevel(admin::LogLevel level);

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_DAEMON_LOG_LEVEL_H_
