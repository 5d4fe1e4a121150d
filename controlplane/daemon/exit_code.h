// ExitCode: why the goferd process ended. DO NOT CHANGE a value: service
// managers and scripts read them.

#ifndef GOFERD_CONTROLPLANE_DAEMON_EXIT_CODE_H_
#define GOFERD_CONTROLPLANE_DAEMON_EXIT_CODE_H_

namespace goferd::daemon {

enum class ExitCode : int {
  kOk = 0,
  kUsage = 2,        // The command line makes no sense.
  kConfig = 10,      // The configuration has faults, or cannot be read.
  kRoles = 11,       // The roles file has faults, or cannot be read.
  kAudit = 12,       // The audit file cannot be opened.
  kSupervisor = 13,  // The state directory is taken, or not usable.
  kListen = 14,      // goferd cannot listen at a listener of the admin API.
  kAttach = 15,      // goferd cannot listen at the attach socket.
  kMetrics = 16,     // goferd cannot listen at the metrics' port.
  kSignals = 17,  // Signals cannot be blocked, or a thread cannot be started.
};

}  // namespace goferd::daemon

#endif  // GOFERD_CONTROLPLANE_DAEMON_EXIT_CODE_H_
