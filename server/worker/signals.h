// TerminationSignals: SIGTERM and SIGINT as something to wait for.

#ifndef GOFER_SERVER_WORKER_SIGNALS_H_
#define GOFER_SERVER_WORKER_SIGNALS_H_

#include <utility>

#include "server/base/errno.h"
#include "server/base/unique_fd.h"

namespace gofer::worker {

// Waits for a signal or for Notify, whichever comes. Made before the first
// thread, because it blocks the signals for all of them. Wait belongs to one
// thread, Notify to any.
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

  // FOR WHO WAITS FOR MORE THAN THIS

  // Borrowed, readable while there is a signal to be taken, or a notice.
  int signal_fd() const { return signals_.get(); }
  int notice_fd() const { return notified_.get(); }
  // Of what is there: otherwise they block.
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
