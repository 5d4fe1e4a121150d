#include "controlplane/daemon/service_manager.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

#include <cstring>
#include <ctime>

#include "absl/strings/str_cat.h"

namespace goferd::daemon {
namespace {

// An address of one of the kinds that we take.
union Address {
  sockaddr any;
  sockaddr_un unix_socket;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

std::string HostText(int family, const void* host) {
  char text[INET6_ADDRSTRLEN] = {};
  ::inet_ntop(family, host, text, sizeof(text));
  return text;
}

// Returns an empty string for an address that no configuration can contain.
std::string TextOf(const Address& address) {
  switch (address.any.sa_family) {
    case AF_UNIX: {
      const char* const path = address.unix_socket.sun_path;
      return path[0] != '/'
                 ? ""
                 : std::string(
                       path,
                       ::strnlen(path, sizeof(address.unix_socket.sun_path)));
    }
    case AF_INET:
      return absl::StrCat(HostText(AF_INET, &address.v4.sin_addr), ":",
                          ntohs(address.v4.sin_port));
    case AF_INET6:
      return absl::StrCat("[", HostText(AF_INET6, &address.v6.sin6_addr),
                          "]:", ntohs(address.v6.sin6_port));
    default:
      return "";
  }
}

absl::StatusOr<PassedSocket> Take(int fd) {
  PassedSocket passed;
  passed.socket.reset(fd);
  Address address{};
  socklen_t length = sizeof(address);
  if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) > 0 &&
      ::getsockname(fd, &address.any, &length) == 0) {
    passed.address = TextOf(address);
  }
  if (passed.address.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("descriptor ", fd,
                     " of the service manager is not a listening UNIX stream "
                     "socket or TCP port: use ListenStream=/path or "
                     "ListenStream=ADDRESS:PORT in the .socket unit"));
  }
  passed.is_tcp = address.any.sa_family != AF_UNIX;
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
