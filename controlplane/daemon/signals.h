// Signals: SIGTERM, SIGINT and SIGHUP as something to wait for.

#ifndef GOFERD_CONTROLPLANE_DAEMON_SIGNALS_H_
#define GOFERD_CONTROLPLANE_DAEMON_SIGNALS_H_

#include "absl/time/time.h"

namespace goferd::daemon {

// Blocks SIGTERM, SIGINT and SIGHUP, and ignores SIGPIPE. Call it before the
// first thread: a thread inherits the mask of the thread that starts it, and a
// signal to an unmasked thread ends goferd. Whoever starts a child gives it an
// empty mask. Returns false when the signals cannot be blocked.
bool BlockSignals();

enum class Signal { kEnd, kReload, kTimeout };
// Waits for a blocked signal, at most for `patience`.
Signal WaitForSignal(absl::Duration patience);

}  // namespace goferd::daemon

#endif  // GOFERD_CONTROLPLANE_DAEMON_SIGNALS_H_
