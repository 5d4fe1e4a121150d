// Signals: what the process is told from outside, as something to wait for.

#ifndef GOFERD_CONTROLPLANE_DAEMON_SIGNALS_H_
#define GOFERD_CONTROLPLANE_DAEMON_SIGNALS_H_

#include "absl/time/time.h"

namespace goferd::daemon {

// Blocks SIGTERM, SIGINT and SIGHUP, and ignores SIGPIPE. Before the first
// thread: threads have the mask of the one that starts them. Children are given
// an empty mask by who starts them. False when it does not work.
bool BlockSignals();

enum class Signal { kEnd, kReload, kTimeout };
// Waits for a blocked signal for so long.
Signal WaitForSignal(absl::Duration patience);

}  // namespace goferd::daemon

#endif  // GOFERD_CONTROLPLANE_DAEMON_SIGNALS_H_
