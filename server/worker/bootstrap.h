// AwaitBootstrap: a managed gofer hears from goferd what it is to serve, and
// confines itself to that.

#ifndef GOFER_SERVER_WORKER_BOOTSTRAP_H_
#define GOFER_SERVER_WORKER_BOOTSTRAP_H_

#include <memory>
#include <variant>

#include "goferd/worker/v1/bootstrap.pb.h"
#include "server/base/unique_fd.h"
#include "server/worker/control_peer.h"
#include "server/worker/exit_code.h"
#include "server/worker/gofer_facts.h"
#include "server/worker/signals.h"

namespace gofer::worker {

// A confined gofer that has not answered Bootstrap yet.
struct Bootstrapped {
  goferd::worker::v1::Bootstrap bootstrap;
  GoferFacts facts;
  std::unique_ptr<ControlPeer> peer;
  uint64_t request_id = 0;
};

// Accepts on the borrowed, listening `listener` until a goferd has sent
// Bootstrap, then confines the process. Requests other than Bootstrap and
// Shutdown are answered WRONG_STATE. A goferd that sends no request at all, or
// is gone, gives way to the next. Returns an exit code when the process is to
// end: kOk after a Shutdown or a signal, or the code of the step that failed,
// of which goferd and stderr have been told by then. The process must have one
// thread.
std::variant<Bootstrapped, ExitCode> AwaitBootstrap(
    int listener, TerminationSignals& signals);

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_BOOTSTRAP_H_
