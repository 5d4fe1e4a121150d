#include "controlplane/daemon/listeners.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace goferd::daemon {

absl::StatusOr<std::vector<UdsListener>> OpenListeners(
    const config::v1::DaemonConfig& config, std::vector<PassedSocket> passed) {
  std::vector<UdsListener> listeners;
  for (const config::v1::Listener& listener : config.listeners()) {
    if (!listener.has_uds()) continue;
    const auto found = std::find_if(
        passed.begin(), passed.end(), [&listener](const PassedSocket& socket) {
          return socket.path == listener.uds().path();
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
  return absl::FailedPreconditionError(absl::StrCat(
      passed.front().path,
      ": was passed by the service manager, but no listener of the "
      "configuration has this path"));
}

}  // namespace goferd::daemon
