// Serve: the life of `gofer serve`, as named stages in a fixed order.

#ifndef GOFER_SERVER_WORKER_STARTUP_H_
#define GOFER_SERVER_WORKER_STARTUP_H_

#include "server/worker/exit_code.h"
#include "server/worker/serve_options.h"

namespace gofer::worker {

// Runs every stage, then serves until all sockets are closed or SIGTERM or
// SIGINT asks to end (requests in flight are answered; a second signal does not
// wait for them). A stage that fails is named on stderr in one line,
//   gofer: open-root: /srv/x: No such file or directory
// and by its exit code; whatever earlier stages made is gone by then.
//
// Takes over the process: signal mask, umask and RLIMIT_NOFILE are changed, and
// the sockets named by `options` are owned from here on. Call it once, from
// main, before there are threads.
ExitCode Serve(const ServeOptions& options);

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_STARTUP_H_
