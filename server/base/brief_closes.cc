#include "server/base/brief_closes.h"

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

// glibc 2.36 does not name the field.
#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

namespace gofer::base {
namespace {

constexpr long kPeriodNs = 5'000'000;

int Signal() { return SIGRTMIN; }

// A signal that is ignored interrupts nothing, hence the handler. It is only
// ever sent to single threads.
bool HandleSignal() {
  struct sigaction action = {};
  action.sa_handler = [](int) {};
  return ::sigaction(Signal(), &action, nullptr) == 0;
}

sigset_t OnlySignal() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, Signal());
  return signals;
}

}  // namespace

BriefCloses::BriefCloses() {
  static const bool handled = HandleSignal();
  sigevent event = {};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = Signal();
  event.sigev_notify_thread_id = static_cast<pid_t>(::syscall(SYS_gettid));
  if (!handled || ::timer_create(CLOCK_MONOTONIC, &event, &timer_) != 0) return;
  const sigset_t signals = OnlySignal();
  ::pthread_sigmask(SIG_UNBLOCK, &signals, &mask_before_);
  const itimerspec times = {{0, kPeriodNs}, {0, kPeriodNs}};
  ::timer_settime(timer_, 0, &times, nullptr);
  armed_ = true;
}

BriefCloses::~BriefCloses() {
  if (!armed_) return;
  // A pending signal goes away with the timer.
  ::timer_delete(timer_);
  ::pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
}

}  // namespace gofer::base
