// RunHooks: runs the createContainer hooks of a container.

#ifndef GOFER_SERVER_WORKER_HOOK_RUNNER_H_
#define GOFER_SERVER_WORKER_HOOK_RUNNER_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "server/oci/oci_spec.h"

namespace gofer::worker {

// Runs the hooks one after the other, in our namespaces. Each reads the
// container's state from its standard input, as the OCI specification says it:
// the status is "creating", and the pid is -1, as in gVisor. A hook inherits
// nothing but its standard streams, and is killed when its time is over. The
// first hook that fails is the last one that runs. Then RunHooks returns its
// path, why it failed and the end of what it printed, on one line; it returns
// nothing when all went well. Two hooks of NVIDIA's are left out, as gVisor
// does, because its sandbox does not need them or cannot use them. Called by
// the process's only thread before the process is confined. Source: gVisor
// runsc/specutils/hooks.go, Aug 2026.
std::optional<std::string> RunHooks(const oci::OciSpec& spec,
                                    absl::string_view container_id,
                                    absl::string_view bundle);

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_HOOK_RUNNER_H_
