// The listeners of a configuration, and the sockets that were passed for them.

#ifndef GOFERD_CONTROLPLANE_DAEMON_LISTENERS_H_
#define GOFERD_CONTROLPLANE_DAEMON_LISTENERS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "controlplane/daemon/service_manager.h"
#include "controlplane/daemon/uds_listener.h"
#include "goferd/config/v1/config.pb.h"

namespace goferd::daemon {

// Takes the TCP ports out of `passed`. FAILED_PRECONDITION for a port that no
// listener has.
absl::StatusOr<std::vector<PassedSocket>> SeparateTcp(
    const config::v1::DaemonConfig& config, std::vector<PassedSocket>& passed);

// Whether `socket` listens at `address`, as the configuration writes it.
bool IsAt(const PassedSocket& socket, const std::string& address);

// Opens a socket for each UNIX listener of `config`: the socket that was passed
// with that path, or a new one. Errors: FAILED_PRECONDITION for a passed socket
// that no listener has; those of UdsListener::Listen.
absl::StatusOr<std::vector<UdsListener>> OpenListeners(
    const config::v1::DaemonConfig& config, std::vector<PassedSocket> passed);

}  // namespace goferd::daemon

#endif  // GOFERD_CONTROLPLANE_DAEMON_LISTENERS_H_
