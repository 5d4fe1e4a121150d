// Reload: what SIGHUP does.

#ifndef GOFERD_CONTROLPLANE_DAEMON_RELOAD_H_
#define GOFERD_CONTROLPLANE_DAEMON_RELOAD_H_

#include <string>
#include <vector>

#include "controlplane/auth/audit.h"
#include "controlplane/auth/role_book.h"
#include "controlplane/daemon/command_line.h"
#include "goferd/config/v1/config.pb.h"

namespace goferd::daemon {

// Reads the roles file again and opens the audit file again. Logs the changed
// fields of the configuration, which is read at the start only. Certificates
// are looked at anyway, every TlsConfig.refresh_interval.
void Reload(const Options& options, const config::v1::DaemonConfig& running,
            auth::RoleBook& roles, auth::AuditLog& audit);

// The names of the fields of DaemonConfig in which `a` and `b` differ.
std::vector<std::string> ChangedFields(const config::v1::DaemonConfig& a,
                                       const config::v1::DaemonConfig& b);

}  // namespace goferd::daemon

#endif  // GOFERD_CONTROLPLANE_DAEMON_RELOAD_H_
