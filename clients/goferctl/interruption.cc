#include "clients/goferctl/interruption.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <utility>

#include "grpcpp/client_context.h"

namespace goferctl {
namespace {

using gofer::base::MutexLock;

// The only thing that the handler touches; -1 when nobody waits.
std::atomic<int> g_signalled = -1;
static_assert(std::atomic<int>::is_always_lock_free);

void OnSignal(int) {
  const int saved = errno;
  ::eventfd_write(g_signalled, 1);
  errno = saved;
}

}  // namespace

Interruption::Interruption()
    : signalled_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      stop_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  auto thread =
      gofer::base::Thread::Start("interruption", [this] { WaitForSignal(); });
  // Without the thread the signals end the process, as they do otherwise.
  if (!thread.ok() || !signalled_ || !stop_) return;
  thread_ = *std::move(thread);
  g_signalled = signalled_.get();
  for (Former& former : former_) {
    struct sigaction action = {};
    action.sa_handler = &OnSignal;
    // The handler runs once: a second signal ends the process, whatever it
    // does.
    action.sa_flags = SA_RESTART | static_cast<int>(SA_RESETHAND);
    sigemptyset(&action.sa_mask);
    ::sigaction(former.signal, nullptr, &former.action);
    // A signal that our parent made us ignore stays ignored.
    if (former.action.sa_handler == SIG_IGN) continue;
    ::sigaction(former.signal, &action, nullptr);
  }
}

Interruption::~Interruption() {
  if (!thread_.joinable()) return;
  for (const Former& former : former_) {
    ::sigaction(former.signal, &former.action, nullptr);
  }
  ::eventfd_write(stop_.get(), 1);
  thread_.Join();
  g_signalled = -1;
}

bool Interruption::came() const {
  MutexLock lock(mu_);
  return came_;
}

void Interruption::Add(grpc::ClientContext& call) {
  MutexLock lock(mu_);
  calls_.insert(&call);
  if (came_) call.TryCancel();
}

void Interruption::Remove(grpc::ClientContext& call) {
  MutexLock lock(mu_);
  calls_.erase(&call);
}

void Interruption::WaitForSignal() {
  std::array<pollfd, 2> polled = {pollfd{signalled_.get(), POLLIN, 0},
                                  pollfd{stop_.get(), POLLIN, 0}};
  while (::poll(polled.data(), polled.size(), -1) < 0) {
  }
  if (polled[0].revents == 0) return;
  MutexLock lock(mu_);
  came_ = true;
  for (grpc::ClientContext* call : calls_) call->TryCancel();
}

}  // namespace goferctl
