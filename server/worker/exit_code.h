// ExitCode: what the gofer process says when it ends. DO NOT CHANGE a value:
// supervisors and scripts read them.

#ifndef GOFER_SERVER_WORKER_EXIT_CODE_H_
#define GOFER_SERVER_WORKER_EXIT_CODE_H_

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
};

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_EXIT_CODE_H_
