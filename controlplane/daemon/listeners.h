// OpenListeners: the UNIX sockets of a configuration.

#ifndef GOFERD_CONTROLPLANE_DAEMON_LISTENERS_H_
#define GOFERD_CONTROLPLANE_DAEMON_LISTENERS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "controlplane/daemon/service_manager.h"
#include "controlplane/daemon/uds_listener.h"
#include "goferd/config/v1/config.pb.h"

namespace goferd::daemon {

// One for each UNIX listener of `config`: the one that was passed with that
// path, or a new one. FAILED_PRECONDITION for a passed socket that no listener
// has, and as UdsListener::Listen.
absl::StatusOr<std::vector<UdsListener>> OpenListeners(
    const config::v1::DaemonConfig& config, std::vector<PassedSocket> passed);

}  // namespace goferd::daemon

#endif  // GOFERD_CONTROLPLANE_DAEMON_LISTENERS_H_
