// ServeContainer: the life of a gofer that runsc has started, as named stages
// in a fixed order.

#ifndef GOFER_SERVER_WORKER_CONTAINER_GOFER_H_
#define GOFER_SERVER_WORKER_CONTAINER_GOFER_H_

#include "server/runsc/gofer_flags.h"
#include "server/worker/exit_code.h"

namespace gofer::worker {

// Reads the container's spec, confines the process to the container's tree,
// tells runsc the mounts, and serves until all sockets are closed. A stage that
// fails is named in one line on stderr, in runsc's log and in its debug log,
//   gofer: bind-mount: /srv/data on /data: No such file or directory
// and by the exit code.
//
// Takes over the process and its inherited descriptors. `argc` and `argv` are
// what `flags` was parsed from: the spec may override flags. Call it once, from
// main, before there are threads.
ExitCode ServeContainer(const runsc::GoferFlags& flags, int argc,
                        const char* const* argv);

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_CONTAINER_GOFER_H_
