// AwaitBootstrap: an agent hears from goferd what it is to serve, and becomes
// that.

#ifndef GOFER_SERVER_WORKER_BOOTSTRAP_H_
#define GOFER_SERVER_WORKER_BOOTSTRAP_H_

#include <memory>
#include <variant>

#include "goferd/worker/v1/bootstrap.pb.h"
#include "server/base/unique_fd.h"
#include "server/worker/agent_requests.h"
#include "server/worker/control_peer.h"
#include "server/worker/exit_code.h"
#include "server/worker/signals.h"

namespace gofer::worker {

// A confined agent that has not answered yet.
struct Bootstrapped {
  goferd::worker::v1::Bootstrap bootstrap;
  AgentFacts facts;
  std::unique_ptr<ControlPeer> peer;
  uint64_t request_id = 0;
};

// Accepts on the borrowed, listening `listener` until a goferd has sent
// Bootstrap, then confines the process. Other requests but Shutdown are
// answered WRONG_STATE; a goferd that sends no request at all, or is gone,
// gives way to the next. Returns an exit code when the process is to end: kOk
// after a Shutdown or a signal, that of the step that failed, which goferd and
// stderr have been told by then. One thread.
std::variant<Bootstrapped, ExitCode> AwaitBootstrap(
    int listener, TerminationSignals& signals);

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_BOOTSTRAP_H_
