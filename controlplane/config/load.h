// LoadConfig: the configuration that holds, from the file and what is laid over
// it.

#ifndef GOFERD_CONTROLPLANE_CONFIG_LOAD_H_
#define GOFERD_CONTROLPLANE_CONFIG_LOAD_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "controlplane/config/defaults.h"
#include "goferd/config/v1/config.pb.h"

namespace goferd::config {

// Where the admin API is served, as a flag says it.
struct ListenFlag {
  // "unix:PATH" or "tcp:ADDRESS".
  std::string where;
};

// What flags say instead of the file. Empty: the file holds.
struct Overrides {
  std::string node;
  std::string state_directory;
  std::string gofer_path;
  std::string roles_file;
  std::string log_level;   // "debug", "info", "warning", "error", "off".
  std::string log_format;  // "text", "json".
  std::string audit_file;
  std::string metrics_address;
  // These replace the file's.
  std::vector<std::string> allowed_roots;
  std::vector<ListenFlag> listeners;
  // For the TCP listeners of `listeners`: all of the files, or the role
  // ("viewer", "operator", "chaos", "admin").
  std::string tls_certificate;
  std::string tls_key;
  std::string tls_client_ca;
  std::string plaintext_loopback_role;
};

// Lays `overrides` over `config`. INVALID_ARGUMENT with a line for each word
// that makes no sense.
absl::Status Apply(const Overrides& overrides, v1::DaemonConfig& config);

// The file at `path` (empty: none), then the overrides, then the defaults;
// validated. Errors have a line for each fault and say what to do.
absl::StatusOr<v1::DaemonConfig> LoadConfig(const std::string& path,
                                            const Overrides& overrides,
                                            const Environment& environment);

}  // namespace goferd::config

#endif  // GOFERD_CONTROLPLANE_CONFIG_LOAD_H_
