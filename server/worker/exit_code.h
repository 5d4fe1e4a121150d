// ExitCode: the code with which a gofer process ends. DO NOT CHANGE a value:
// supervisors and scripts read them.

#ifndef GOFER_SERVER_WORKER_EXIT_CODE_H_
#define GOFER_SERVER_WORKER_EXIT_CODE_H_

#include "server/sandbox/step.h"

namespace gofer::worker {

enum class ExitCode : int {
  kOk = 0,
  kUsage = 2,          // The command line makes no sense.
  kFdLimit = 10,       // raise-fd-limit
  kOpenRoot = 11,      // open-root
  kCheckSockets = 12,  // check-sockets
  kConnect = 13,       // create-connections
  kStart = 14,         // start-connections
  kSignals = 15,       // block-signals
  kDonateMount = 16,   // donate-mount
  kControl = 17,       // control-socket
  kBootstrap = 18,     // bootstrap: goferd asks for what cannot be
  kReadSpec = 20,      // read-spec
  kPlan = 21,          // plan-sandbox
  kMatchSockets = 22,  // match-sockets
  kSync = 23,          // sync-user-namespace and the like
  kMountsReply = 24,   // reply-mounts
  // The steps of the sandbox, by ExitCodeOf: 40 and on.
  kSandbox = 40,
};

constexpr ExitCode ExitCodeOf(sandbox::Step step) {
  return static_cast<ExitCode>(static_cast<int>(ExitCode::kSandbox) +
                               static_cast<int>(step));
}

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_EXIT_CODE_H_
