// ServeManaged: the life of a managed gofer, which goferd starts and steers.

#ifndef GOFER_SERVER_WORKER_MANAGED_GOFER_H_
#define GOFER_SERVER_WORKER_MANAGED_GOFER_H_

#include "server/worker/exit_code.h"
#include "server/worker/serve_options.h"

namespace gofer::worker {

// Takes Bootstrap on the inherited socket, confines the process, serves, and
// goes on when goferd is gone. Returns after a Shutdown, after SIGTERM or
// SIGINT (requests in flight are answered; a second signal does not wait for
// them), or when the process cannot become what Bootstrap says, with the exit
// code of the step that failed.
//
// Takes over the process and its inherited descriptors. Call it once, from
// main, before there are threads.
ExitCode ServeManaged(const ManagedOptions& options);

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_MANAGED_GOFER_H_
