#include "server/lisafs/hang_up_watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

#include "server/base/syscall.h"

namespace gofer::lisafs {

base::ErrnoOr<void> HangUpWatch::Start(int socket,
                                       std::function<void()> on_hang_up) {
  if (thread_.joinable()) return {};
  auto stop = base::SyscallFd([] { return ::eventfd(0, EFD_CLOEXEC); });
  if (!stop.ok()) return stop.error();
  auto thread = base::Thread::Start(
      "gofer-hangup",
      [socket, stop = stop->get(), on_hang_up = std::move(on_hang_up)] {
        pollfd events[] = {{socket, POLLRDHUP, 0}, {stop, POLLIN, 0}};
        base::RetryOnEintr([&] { return ::poll(events, 2, -1); });
        if (events[1].revents == 0) on_hang_up();
      });
  if (!thread.ok()) return thread.error();
  stop_ = *std::move(stop);
  thread_ = *std::move(thread);
  return {};
}

void HangUpWatch::Stop() {
  if (!thread_.joinable()) return;
  const uint64_t one = 1;
  (void)!::write(stop_.get(), &one, sizeof(one));
  thread_.Join();
}

}  // namespace gofer::lisafs
