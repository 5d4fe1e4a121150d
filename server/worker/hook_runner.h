// RunHooks: runs the createContainer hooks of a container.

#ifndef GOFER_SERVER_WORKER_HOOK_RUNNER_H_
#define GOFER_SERVER_WORKER_HOOK_RUNNER_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "server/oci/oci_spec.h"

namespace gofer::worker {

// Runs the hooks one after the other, in our namespaces, with the container's
// state on their standard input as the OCI specification says it (status
// "creating"; the pid is -1, as in gVisor). They inherit nothing but their
// standard streams. The first that fails ends it: returns which and why, with
// the end of what it printed, on one line; nothing when all went well. A hook
// whose time is over is killed. As in gVisor, two hooks of NVIDIA's are left
// out which its sandbox does not need or cannot use. Called before the process
// is confined, by its only thread. Source: gVisor runsc/specutils/hooks.go, Aug
// 2026.
std::optional<std::string> RunHooks(const oci::OciSpec& spec,
                                    absl::string_view container_id,
                                    absl::string_view bundle);

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_HOOK_RUNNER_H_
