#include "controlplane/gofers/settings.h"

#include <utility>

#include "controlplane/errors/error.h"
#include "controlplane/translate/time_conversion.h"

namespace goferd::gofers {

using translate::ToDuration;

Settings::Settings(config::v1::DaemonConfig config)
    : config_(std::move(config)) {}

absl::Duration Settings::control_timeout() const {
  return ToDuration(config_.servers().control_timeout());
}
absl::Duration Settings::start_timeout() const {
  return ToDuration(config_.servers().start_timeout());
}
absl::Duration Settings::ended_retention() const {
  return ToDuration(config_.connections().ended_retention());
}
absl::Duration Settings::stop_timeout() const {
  return ToDuration(config_.connections().stop_timeout());
}
absl::Duration Settings::stall_threshold() const {
  return ToDuration(config_.connections().stall_threshold());
}

absl::Status Settings::CheckSandboxMode(admin::Server::SandboxMode mode) const {
  if (mode != admin::Server::UNCONFINED ||
      config_.servers().allow_unconfined()) {
    return absl::OkStatus();
  }
  return errors::Error(
      errors::Reason::HOST_PERMISSION,
      "UNCONFINED servers are not allowed here: servers.allow_unconfined of "
      "the daemon's configuration says so");
}

}  // namespace goferd::gofers
