#include "controlplane/config/load.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "controlplane/config/text_file.h"
#include "controlplane/config/validate.h"

namespace goferd::config {
namespace {

using Faults = std::vector<std::string>;

v1::Role RoleOf(const std::string& word) {
  v1::Role role = v1::ROLE_UNSPECIFIED;
  if (v1::Role_Parse(absl::StrCat("ROLE_", absl::AsciiStrToUpper(word)),
                     &role)) {
    return role;
  }
  return v1::ROLE_UNSPECIFIED;
}

bool HasTls(const Overrides& overrides) {
  return !overrides.tls_certificate.empty() || !overrides.tls_key.empty() ||
         !overrides.tls_client_ca.empty();
}

void SetSecurity(const Overrides& overrides, v1::TcpListener& tcp,
                 Faults& faults) {
  if (HasTls(overrides) == !overrides.plaintext_loopback_role.empty()) {
    faults.push_back(
        "--listen tcp: needs either --tls-certificate, --tls-key and "
        "--tls-client-ca, or --plaintext-loopback-role");
    return;
  }
  if (HasTls(overrides)) {
    v1::TlsConfig& tls = *tcp.mutable_tls();
    tls.set_certificate_file(overrides.tls_certificate);
    tls.set_private_key_file(overrides.tls_key);
    tls.set_client_ca_file(overrides.tls_client_ca);
    return;
  }
  const v1::Role role = RoleOf(overrides.plaintext_loopback_role);
  if (role == v1::ROLE_UNSPECIFIED) {
    faults.push_back(
        "--plaintext-loopback-role: choose viewer, operator, chaos or admin");
  }
  tcp.set_plaintext_loopback_role(role);
}

void AddListener(const Overrides& overrides, const ListenFlag& flag,
                 v1::DaemonConfig& config, Faults& faults) {
  absl::string_view where = flag.where;
  if (absl::ConsumePrefix(&where, "unix:")) {
    config.add_listeners()->mutable_uds()->set_path(std::string(where));
  } else if (absl::ConsumePrefix(&where, "tcp:")) {
    v1::TcpListener& tcp = *config.add_listeners()->mutable_tcp();
    tcp.set_address(std::string(where));
    SetSecurity(overrides, tcp, faults);
  } else {
    faults.push_back(absl::StrCat("--listen ", flag.where,
                                  ": write unix:PATH or tcp:ADDRESS:PORT"));
  }
}

void SetLogLevel(const std::string& word, v1::DaemonConfig& config,
                 Faults& faults) {
  if (word.empty()) return;
  admin::v1::LogLevel level = admin::v1::LOG_LEVEL_UNSPECIFIED;
  if (!admin::v1::LogLevel_Parse(
          absl::StrCat("LOG_LEVEL_", absl::AsciiStrToUpper(word)), &level) ||
      level == admin::v1::LOG_LEVEL_UNSPECIFIED) {
    faults.push_back("--log-level: choose debug, info, warning, error or off");
    return;
  }
  config.mutable_log()->set_level(level);
}

void SetLogFormat(const std::string& word, v1::DaemonConfig& config,
                  Faults& faults) {
  if (word.empty()) return;
  if (word != "text" && word != "json") {
    faults.push_back("--log-format: choose text or json");
    return;
  }
  config.mutable_log()->set_format(word == "json" ? v1::LogConfig::JSON
                                                  : v1::LogConfig::TEXT);
}

}  // namespace

absl::Status Apply(const Overrides& overrides, v1::DaemonConfig& config) {
  Faults faults;
  if (!overrides.node.empty()) config.set_node(overrides.node);
  if (!overrides.state_directory.empty()) {
    config.set_state_directory(overrides.state_directory);
  }
  if (!overrides.gofer_path.empty()) {
    config.set_gofer_path(overrides.gofer_path);
  }
  if (!overrides.roles_file.empty()) {
    config.set_roles_file(overrides.roles_file);
  }
  if (!overrides.audit_file.empty()) {
    config.mutable_log()->set_audit_file(overrides.audit_file);
  }
  if (!overrides.metrics_address.empty()) {
    config.mutable_metrics()->set_address(overrides.metrics_address);
  }
  SetLogLevel(overrides.log_level, config, faults);
  SetLogFormat(overrides.log_format, config, faults);
  if (!overrides.allowed_roots.empty()) config.clear_allowed_roots();
  for (const std::string& root : overrides.allowed_roots) {
    config.add_allowed_roots(root);
  }
  if (!overrides.listeners.empty()) config.clear_listeners();
  for (const ListenFlag& flag : overrides.listeners) {
    AddListener(overrides, flag, config, faults);
  }
  if (faults.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(faults, "\n"));
}

absl::StatusOr<v1::DaemonConfig> LoadConfig(const std::string& path,
                                            const Overrides& overrides,
                                            const Environment& environment) {
  v1::DaemonConfig config;
  if (!path.empty()) {
    if (auto status = ReadTextFile(path, config); !status.ok()) return status;
  }
  if (auto status = Apply(overrides, config); !status.ok()) return status;
  FillDefaults(environment, config);
  if (auto status = Validate(config); !status.ok()) return status;
  return config;
}

}  // namespace goferd::config
