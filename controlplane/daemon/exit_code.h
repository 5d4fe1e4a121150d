// ExitCode: what the goferd process says when it ends. DO NOT CHANGE a value:
// service managers and scripts read them.

#ifndef GOFERD_CONTROLPLANE_DAEMON_EXIT_CODE_H_
#define GOFERD_CONTROLPLANE_DAEMON_EXIT_CODE_H_

namespace goferd::daemon {

enum class ExitCode : int {
  kOk = 0,
  kUsage = 2,        // The command line makes no sense.
  kConfig = 10,      // The configuration has faults, or cannot be read.
  kRoles = 11,       // So it is with the roles file.
  kAudit = 12,       // The audit file cannot be opened.
  kSupervisor = 13,  // The state directory: taken, or not usable.
  kListen = 14,      // A socket cannot be listened at.
  kAttach = 15,      // Nor can the attach socket.
  kMetrics = 16,     // Nor can the metrics' port.
  kSignals = 17,     // Signals or threads.
};

}  // namespace goferd::daemon

#endif  // GOFERD_CONTROLPLANE_DAEMON_EXIT_CODE_H_
