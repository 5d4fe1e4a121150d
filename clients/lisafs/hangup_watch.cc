#include "clients/lisafs/hangup_watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

#include "server/base/syscall.h"

namespace gofer::client {
namespace {

// Returns true when `socket` hung up, false when `stop` was written first.
bool AwaitHangup(int socket, int stop) {
  // POLLHUP and POLLERR need not be asked for.
  pollfd events[] = {{socket, POLLRDHUP, 0}, {stop, POLLIN, 0}};
  const int ready =
      base::RetryOnEintr([&] { return ::ppoll(events, 2, nullptr, nullptr); });
  return ready > 0 && events[0].revents != 0;
}

}  // namespace

base::ErrnoOr<std::unique_ptr<HangupWatch>> HangupWatch::Start(
    int socket, std::function<void()> on_hangup) {
  auto stop = base::SyscallFd([] { return ::eventfd(0, EFD_CLOEXEC); });
  if (!stop.ok()) return stop.error();
  std::unique_ptr<HangupWatch> watch(new HangupWatch(*std::move(stop)));
  auto thread = base::Thread::Start(
      "lisafs-watch",
      [socket, stop_fd = watch->stop_.get(), on_hangup = std::move(on_hangup)] {
        if (AwaitHangup(socket, stop_fd)) on_hangup();
      });
  if (!thread.ok()) return thread.error();
  watch->thread_ = *std::move(thread);
  return watch;
}

HangupWatch::~HangupWatch() {
  const uint64_t one = 1;
  (void)!::write(stop_.get(), &one, sizeof(one));
  thread_.Join();
}

}  // namespace gofer::client
