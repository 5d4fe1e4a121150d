// Settings: what goferd's configuration says about gofers.

#ifndef GOFERD_CONTROLPLANE_GOFERS_SETTINGS_H_
#define GOFERD_CONTROLPLANE_GOFERS_SETTINGS_H_

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "goferd/admin/v1/server.pb.h"
#include "goferd/config/v1/config.pb.h"

namespace goferd::gofers {

namespace admin = goferd::admin::v1;

// Never changes once goferd runs.
class Settings {
 public:
  // `config` is complete: every default is filled in.
  explicit Settings(config::v1::DaemonConfig config);

  const config::v1::DaemonConfig& config() const { return config_; }

  // How long a gofer may take to answer.
  absl::Duration control_timeout() const;
  // How long a gofer may take from its start to its first answer.
  absl::Duration start_timeout() const;
  // How long an ended connection, and an ended adopted server, stay listed.
  absl::Duration ended_retention() const;
  // How long clients have to close before a stop aborts them.
  absl::Duration stop_timeout() const;
  // The age from which a request counts as stalled.
  absl::Duration stall_threshold() const;

  // HOST_PERMISSION for a mode that the configuration does not allow.
  absl::Status CheckSandboxMode(admin::Server::SandboxMode mode) const;

 private:
  const config::v1::DaemonConfig config_;
};

}  // namespace goferd::gofers

#endif  // GOFERD_CONTROLPLANE_GOFERS_SETTINGS_H_
