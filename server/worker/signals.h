// TerminationSignals: SIGTERM and SIGINT as something to wait for.

#ifndef GOFER_SERVER_WORKER_SIGNALS_H_
#define GOFER_SERVER_WORKER_SIGNALS_H_

#include <utility>

#include "server/base/errno.h"
#include "server/base/unique_fd.h"

namespace gofer::worker {

// Waits for a signal or for Notify, whichever comes. It is made before the
// first thread, because threads inherit that the signals are blocked. One
// thread may call Wait, any thread Notify.
class TerminationSignals {
 public:
  // Blocks SIGTERM and SIGINT, and ignores SIGPIPE and SIGHUP: a terminal that
  // goes away is no reason to end. Errors: those of signalfd
  // and eventfd.
  static base::ErrnoOr<TerminationSignals> Block();

  enum class Event { kSignal, kNotified };
  // Blocks until a signal is pending or Notify was called since the last
  // return of kNotified. A signal is reported first.
  Event Wait();

  void Notify();

  // FOR CALLERS THAT POLL OTHER DESCRIPTORS TOO

  // Borrowed. Readable while there is a signal, or a notice, to be taken.
  int signal_fd() const { return signals_.get(); }
  int notice_fd() const { return notified_.get(); }
  // Take what is there. They block when there is nothing.
  void TakeSignal();
  void TakeNotices();

 private:
  TerminationSignals(base::UniqueFd signals, base::UniqueFd notified)
      : signals_(std::move(signals)), notified_(std::move(notified)) {}

  base::UniqueFd signals_;
  base::UniqueFd notified_;
};

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_SIGNALS_H_
