// RunAgent: the life of `gofer agent`, which serves what goferd says.

#ifndef GOFER_SERVER_WORKER_AGENT_H_
#define GOFER_SERVER_WORKER_AGENT_H_

#include "server/worker/exit_code.h"
#include "server/worker/serve_options.h"

namespace gofer::worker {

// Takes Bootstrap on the inherited socket, confines itself, serves, and goes on
// when goferd is gone. Ends by a Shutdown, by SIGTERM or SIGINT (requests in
// flight are answered; a second signal does not wait for them), or when it
// cannot become what Bootstrap says, with the exit code of the step.
//
// Takes over the process and its inherited descriptors. Call it once, from
// main, before there are threads.
ExitCode RunAgent(const AgentOptions& options);

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_AGENT_H_
