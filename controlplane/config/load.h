// LoadConfig: the configuration in force, made of the file, the flags and the
// defaults.

#ifndef GOFERD_CONTROLPLANE_CONFIG_LOAD_H_
#define GOFERD_CONTROLPLANE_CONFIG_LOAD_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "controlplane/config/defaults.h"
#include "goferd/config/v1/config.pb.h"

namespace goferd::config {

// A flag that says where the admin API is served.
struct ListenFlag {
  // "unix:PATH" or "tcp:ADDRESS".
  std::string where;
};

// Values of flags, which replace the file's. An empty field changes nothing.
struct Overrides {
  std::string node;
  std::string state_directory;
  std::string gofer_path;
  std::string roles_file;
  std::string log_level;   // "debug", "info", "warning", "error", "off".
  std::string log_format;  // "text", "json".
  std::string audit_file;
  std::string metrics_address;
  // All roots and listeners of the file are replaced, not extended.
  std::vector<std::string> allowed_roots;
  std::vector<ListenFlag> listeners;
  // For the TCP listeners of `listeners`: either all three files, or the role
  // ("viewer", "operator", "chaos", "admin").
  std::string tls_certificate;
  std::string tls_key;
  std::string tls_client_ca;
  std::string plaintext_loopback_role;
};

// Lays `overrides` over `config`. Errors: INVALID_ARGUMENT with a line for each
// value that cannot be read.
absl::Status Apply(const Overrides& overrides, v1::DaemonConfig& config);

// Reads the file at `path` (none if it is empty), lays the overrides over it,
// fills in the defaults and validates the result. Errors have a line for each
// fault and say what to do.
absl::StatusOr<v1::DaemonConfig> LoadConfig(const std::string& path,
                                            const Overrides& overrides,
                                            const Environment& environment);

}  // namespace goferd::config

#endif  // GOFERD_CONTROLPLANE_CONFIG_LOAD_H_
