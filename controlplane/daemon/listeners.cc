#include "controlplane/daemon/listeners.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controlplane/config/tcp_address.h"

namespace goferd::daemon {
namespace {

absl::Status NoListener(const PassedSocket& socket) {
  return absl::FailedPreconditionError(absl::StrCat(
      socket.address,
      ": was passed by the service manager, but no listener of the "
      "configuration has this ",
      socket.is_tcp ? "address" : "path"));
}

}  // namespace

bool IsAt(const PassedSocket& socket, const std::string& address) {
  const auto a = config::ParseTcpAddress(socket.address);
  const auto b = config::ParseTcpAddress(address);
  if (!socket.is_tcp || !a || !b || a->port != b->port) return false;
  in6_addr bytes[2] = {};
  const auto read = [](const std::string& host, in6_addr* to) {
    const bool is_v6 = host.find(':') != std::string::npos;
    return ::inet_pton(is_v6 ? AF_INET6 : AF_INET, host.c_str(), to) == 1
               ? (is_v6 ? AF_INET6 : AF_INET)
               : AF_UNSPEC;
  };
  // The bytes are compared, because "::1" has other spellings.
  return read(a->host, &bytes[0]) == read(b->host, &bytes[1]) &&
         std::memcmp(&bytes[0], &bytes[1], sizeof(bytes[0])) == 0;
}

absl::StatusOr<std::vector<PassedSocket>> SeparateTcp(
    const config::v1::DaemonConfig& config, std::vector<PassedSocket>& passed) {
  std::vector<PassedSocket> tcp;
  for (PassedSocket& socket : passed) {
    if (!socket.is_tcp) continue;
    const bool is_known = std::any_of(
        config.listeners().begin(), config.listeners().end(),
        [&socket](const config::v1::Listener& listener) {
          return listener.has_tcp() && IsAt(socket, listener.tcp().address());
        });
    if (!is_known) return NoListener(socket);
    tcp.push_back(std::move(socket));
  }
  std::erase_if(passed,
                [](const PassedSocket& socket) { return socket.is_tcp; });
  return tcp;
}

absl::StatusOr<std::vector<UdsListener>> OpenListeners(
    const config::v1::DaemonConfig& config, std::vector<PassedSocket> passed) {
  std::vector<UdsListener> listeners;
  for (const config::v1::Listener& listener : config.listeners()) {
    if (!listener.has_uds()) continue;
    const auto found = std::find_if(
        passed.begin(), passed.end(), [&listener](const PassedSocket& socket) {
          return socket.address == listener.uds().path();
        });
    if (found != passed.end()) {
      listeners.push_back(UdsListener::Adopt(std::move(found->socket)));
      passed.erase(found);
      continue;
    }
    auto opened = UdsListener::Listen(listener.uds());
    if (!opened.ok()) return opened.status();
    listeners.push_back(*std::move(opened));
  }
  if (passed.empty()) return listeners;
  return NoListener(passed.front());
}

}  // namespace goferd::daemon
