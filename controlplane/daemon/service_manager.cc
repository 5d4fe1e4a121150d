#include "controlplane/daemon/service_manager.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

#include <cstring>
#include <ctime>

#include "absl/strings/str_cat.h"

namespace goferd::daemon {
namespace {

absl::StatusOr<PassedSocket> Take(int fd) {
  PassedSocket passed;
  passed.socket.reset(fd);
  sockaddr_un address{};
  socklen_t length = sizeof(address);
  // NOLINTNEXTLINE: the way of the sockets' interface.
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  if (sd_is_socket(fd, AF_UNIX, SOCK_STREAM, 1) <= 0 ||
      ::getsockname(fd, raw, &length) != 0 || address.sun_path[0] != '/') {
    return absl::FailedPreconditionError(
        absl::StrCat("descriptor ", fd,
                     " of the service manager is not a listening UNIX stream "
                     "socket: use ListenStream=/path in the .socket unit"));
  }
  passed.path = std::string(
      address.sun_path, ::strnlen(address.sun_path, sizeof(address.sun_path)));
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  return passed;
}

}  // namespace

void NotifyReady() { sd_notify(0, "READY=1\nSTATUS=Serving"); }
void NotifyStopping() { sd_notify(0, "STOPPING=1"); }
void NotifyReloading() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
             static_cast<long long>(now.tv_sec) * 1000000 + now.tv_nsec / 1000);
}
void NotifyAlive() { sd_notify(0, "WATCHDOG=1"); }

absl::Duration AliveInterval() {
  uint64_t usec = 0;
  if (sd_watchdog_enabled(0, &usec) <= 0) return absl::InfiniteDuration();
  return absl::Microseconds(static_cast<int64_t>(usec)) / 2;
}

absl::StatusOr<std::vector<PassedSocket>> TakePassedSockets() {
  std::vector<PassedSocket> sockets;
  const int count = sd_listen_fds(1);
  for (int i = 0; i < count; ++i) {
    auto passed = Take(SD_LISTEN_FDS_START + i);
    if (!passed.ok()) return passed.status();
    sockets.push_back(*std::move(passed));
  }
  return sockets;
}

}  // namespace goferd::daemon
