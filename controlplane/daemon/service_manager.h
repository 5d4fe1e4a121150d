// ServiceManager: the messages between systemd and goferd.

#ifndef GOFERD_CONTROLPLANE_DAEMON_SERVICE_MANAGER_H_
#define GOFERD_CONTROLPLANE_DAEMON_SERVICE_MANAGER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/unique_fd.h"

namespace goferd::daemon {

// Without a service manager these functions do nothing.
void NotifyReady();
void NotifyStopping();
void NotifyReloading();
void NotifyAlive();
// How often NotifyAlive must be called; infinite when nobody watches us.
absl::Duration AliveInterval();

struct PassedSocket {
  gofer::base::UniqueFd socket;
  // A UNIX socket's path, or a TCP port as TcpListener.address writes it.
  std::string address;
  bool is_tcp = false;
};
// Takes the listening UNIX stream sockets and TCP ports that were passed to us,
// and makes them non-blocking. FAILED_PRECONDITION when something else was
// passed. Call it once: two owners would close each other's descriptors.
absl::StatusOr<std::vector<PassedSocket>> TakePassedSockets();

}  // namespace goferd::daemon

#endif  // GOFERD_CONTROLPLANE_DAEMON_SERVICE_MANAGER_H_
