// Daemon: everything that goferd is made of, from its start to its end.

#ifndef GOFERD_CONTROLPLANE_DAEMON_DAEMON_H_
#define GOFERD_CONTROLPLANE_DAEMON_DAEMON_H_

#include "controlplane/daemon/command_line.h"
#include "controlplane/daemon/exit_code.h"

namespace goferd::daemon {

// Does what the command line asks for; for Task::kRun, serves until SIGTERM or
// SIGINT. Gofers are left alone at the end: the next goferd takes them over.
// Call BlockSignals before: otherwise a signal ends the process at once. A
// failure is printed, and has its exit code.
ExitCode Run(const Options& options);

}  // namespace goferd::daemon

#endif  // GOFERD_CONTROLPLANE_DAEMON_DAEMON_H_
