// Checks of servers in requests.

#ifndef GOFERD_CONTROLPLANE_SERVICE_SERVER_CHECKS_H_
#define GOFERD_CONTROLPLANE_SERVICE_SERVER_CHECKS_H_

#include "absl/strings/string_view.h"
#include "controlplane/errors/error.h"
#include "goferd/admin/v1/connection_options.pb.h"
#include "goferd/admin/v1/server.pb.h"
#include "goferd/config/v1/config.pb.h"

namespace goferd::service {

namespace admin = goferd::admin::v1;

// Each check adds the faults below the path `field` to `violations`.

// Checks a server to make. Output fields are not looked at.
void CheckNewServer(errors::FieldViolations& violations,
                    absl::string_view field, const admin::Server& server,
                    const config::v1::DaemonConfig& config);
// Checks the fields that UpdateServer can change. `server` has only fields that
// are to be changed.
void CheckChangedServer(errors::FieldViolations& violations,
                        absl::string_view field, const admin::Server& server,
                        const config::v1::DaemonConfig& config);

void CheckConnectionOptions(errors::FieldViolations& violations,
                            absl::string_view field,
                            const admin::ConnectionOptions& options);

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_SERVER_CHECKS_H_
