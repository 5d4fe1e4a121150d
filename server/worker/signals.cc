#include "server/worker/signals.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

#include "server/base/syscall.h"

namespace gofer::worker {

base::ErrnoOr<TerminationSignals> TerminationSignals::Block() {
  sigset_t wanted;
  ::sigemptyset(&wanted);
  ::sigaddset(&wanted, SIGTERM);
  ::sigaddset(&wanted, SIGINT);
  if (::sigprocmask(SIG_BLOCK, &wanted, nullptr) != 0) {
    return base::Errno::Last();
  }
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGHUP, SIG_IGN);
  base::UniqueFd signals(::signalfd(-1, &wanted, SFD_CLOEXEC));
  if (!signals) return base::Errno::Last();
  base::UniqueFd notified(::eventfd(0, EFD_CLOEXEC));
  if (!notified) return base::Errno::Last();
  return TerminationSignals(std::move(signals), std::move(notified));
}

TerminationSignals::Event TerminationSignals::Wait() {
  pollfd events[] = {{signals_.get(), POLLIN, 0}, {notified_.get(), POLLIN, 0}};
  base::RetryOnEintr([&] { return ::poll(events, 2, -1); });
  if ((events[0].revents & POLLIN) != 0) {
    TakeSignal();
    return Event::kSignal;
  }
  TakeNotices();
  return Event::kNotified;
}

void TerminationSignals::TakeSignal() {
  signalfd_siginfo info;
  (void)!::read(signals_.get(), &info, sizeof(info));
}

void TerminationSignals::TakeNotices() {
  uint64_t count;
  (void)!::read(notified_.get(), &count, sizeof(count));
}

void TerminationSignals::Notify() {
  const uint64_t one = 1;
  (void)!::write(notified_.get(), &one, sizeof(one));
}

}  // namespace gofer::worker
