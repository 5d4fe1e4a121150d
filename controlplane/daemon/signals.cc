#include "controlplane/daemon/signals.h"

#include <pthread.h>

#include <csignal>

namespace goferd::daemon {
namespace {

sigset_t Handled() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  return signals;
}

}  // namespace

bool BlockSignals() {
  const sigset_t signals = Handled();
  return std::signal(SIGPIPE, SIG_IGN) != SIG_ERR &&
         ::pthread_sigmask(SIG_BLOCK, &signals, nullptr) == 0;
}

Signal WaitForSignal(absl::Duration patience) {
  const sigset_t signals = Handled();
  const timespec timeout = absl::ToTimespec(patience);
  switch (::sigtimedwait(&signals, nullptr, &timeout)) {
    case SIGTERM:
    case SIGINT:
      return Signal::kEnd;
    case SIGHUP:
      return Signal::kReload;
    default:
      return Signal::kTimeout;
  }
}

}  // namespace goferd::daemon
