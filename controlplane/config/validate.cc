#include "controlplane/config/validate.h"

#include <limits>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controlplane/config/bounds.h"
#include "controlplane/config/field_checks.h"
#include "controlplane/config/tcp_address.h"
#include "server/control/bounds.h"

namespace goferd::config {
namespace {

constexpr int32_t kMaxInt = std::numeric_limits<int32_t>::max();
constexpr int64_t kMaxMemory = int64_t{1} << 46;
constexpr size_t kMaxListeners = 16;

void CheckTcpAddress(FieldChecks& checks, const std::string& field,
                     const std::string& address) {
  if (!ParseTcpAddress(address)) {
    checks.Add(field, absl::StrCat("is \"", address,
                                   "\": write a numeric address and a port, "
                                   "such as 127.0.0.1:7443 or [::1]:7443"));
  }
}

void CheckTls(FieldChecks& checks, const std::string& field,
              const v1::TlsConfig& tls) {
  checks.AbsolutePath(field + ".certificate_file", tls.certificate_file());
  checks.AbsolutePath(field + ".private_key_file", tls.private_key_file());
  checks.AbsolutePath(field + ".client_ca_file", tls.client_ca_file());
  checks.Range(field + ".refresh_interval", tls.refresh_interval(),
               absl::Seconds(1), absl::Hours(24));
}

void CheckPlaintext(FieldChecks& checks, const std::string& field,
                    const v1::TcpListener& tcp) {
  const int role = tcp.plaintext_loopback_role();
  if (!v1::Role_IsValid(role) || role == v1::ROLE_UNSPECIFIED) {
    checks.Add(field + ".plaintext_loopback_role",
               "choose ROLE_VIEWER, ROLE_OPERATOR, ROLE_CHAOS or ROLE_ADMIN");
  }
  const auto address = ParseTcpAddress(tcp.address());
  if (address && !address->is_loopback) {
    checks.Add(field + ".address",
               "is not a loopback address: use tls, or 127.0.0.1 or [::1]");
  }
}

void CheckTcp(FieldChecks& checks, const std::string& field,
              const v1::TcpListener& tcp) {
  CheckTcpAddress(checks, field + ".address", tcp.address());
  switch (tcp.security_case()) {
    case v1::TcpListener::kTls:
      return CheckTls(checks, field + ".tls", tcp.tls());
    case v1::TcpListener::kPlaintextLoopbackRole:
      return CheckPlaintext(checks, field, tcp);
    case v1::TcpListener::SECURITY_NOT_SET:
      checks.Add(field, "set tls, or plaintext_loopback_role on loopback");
  }
}

void CheckListeners(FieldChecks& checks, const v1::DaemonConfig& config) {
  std::set<std::string> places = {config.attach().path()};
  if (static_cast<size_t>(config.listeners_size()) > kMaxListeners) {
    checks.Add("listeners", absl::StrCat("at most ", kMaxListeners));
  }
  for (int i = 0; i < config.listeners_size(); ++i) {
    const v1::Listener& listener = config.listeners(i);
    const std::string field = absl::StrCat("listeners[", i, "]");
    std::string place;
    if (listener.has_uds()) {
      checks.SocketPath(field + ".uds.path", listener.uds().path());
      checks.SocketMode(field + ".uds.mode", listener.uds().mode());
      place = listener.uds().path();
    } else if (listener.has_tcp()) {
      CheckTcp(checks, field + ".tcp", listener.tcp());
      place = listener.tcp().address();
    } else {
      checks.Add(field, "set uds or tcp");
      continue;
    }
    if (!places.insert(place).second) {
      checks.Add(field, absl::StrCat("\"", place, "\" is used twice"));
    }
  }
}

void CheckAttach(FieldChecks& checks, const v1::AttachConfig& attach) {
  checks.SocketPath("attach.path", attach.path());
  checks.SocketMode("attach.mode", attach.mode());
  checks.Range("attach.default_ticket_ttl", attach.default_ticket_ttl(),
               absl::Seconds(1), kMostTicketTtl);
  checks.Range("attach.max_pending_tickets", attach.max_pending_tickets(), 1,
               1 << 20);
}

void CheckLimits(FieldChecks& checks, const std::string& field,
                 const admin::v1::ServerLimits& limits,
                 const admin::v1::ServerLimits& most) {
  checks.Range(field + ".max_connections", limits.max_connections(), 1,
               most.max_connections());
  checks.Range(field + ".max_fds", limits.max_fds(),
               gofer::control::kFewestServerFds, most.max_fds());
  checks.Range(field + ".max_channels", limits.max_channels(), 1,
               most.max_channels());
  checks.Range(field + ".max_memory_bytes", limits.max_memory_bytes(), 1 << 20,
               most.max_memory_bytes());
}

admin::v1::ServerLimits LargestLimits() {
  admin::v1::ServerLimits limits;
  limits.set_max_connections(kMaxInt);
  limits.set_max_fds(kMaxInt);
  limits.set_max_channels(kMaxInt);
  limits.set_max_memory_bytes(kMaxMemory);
  return limits;
}

void CheckServers(FieldChecks& checks, const v1::ServersConfig& servers) {
  checks.Range("servers.max_servers", servers.max_servers(), 1, kMostServers);
  CheckLimits(checks, "servers.max_limits", servers.max_limits(),
              LargestLimits());
  CheckLimits(checks, "servers.default_limits", servers.default_limits(),
              servers.max_limits());
  checks.Range("servers.max_handler_rules", servers.max_handler_rules(), 1,
               gofer::control::kMostRules);
  checks.Range("servers.start_timeout", servers.start_timeout(),
               absl::Milliseconds(100), absl::Hours(1));
  checks.Range("servers.control_timeout", servers.control_timeout(),
               absl::Milliseconds(100), absl::Hours(1));
  checks.Range("servers.warm_gofers", servers.warm_gofers(), 0, 1024);
  if (!servers.cgroup_parent().empty()) {
    checks.AbsolutePath("servers.cgroup_parent", servers.cgroup_parent());
  }
}

// Zero stands for the default in all of these fields.
void CheckOptions(FieldChecks& checks,
                  const admin::v1::ConnectionOptions& options) {
  const std::string field = "connections.default_options";
  const auto range = [&](const char* name, int32_t value, int32_t low,
                         int32_t high) {
    if (value != 0) checks.Range(absl::StrCat(field, name), value, low, high);
  };
  range(".max_message_size", options.max_message_size(), 4096, 2093056);
  range(".max_channels", options.max_channels(), 1, 64);
  range(".max_fds", options.max_fds(), 16, 1048576);
  range(".max_nodes", options.max_nodes(), 16, 16777216);
}

void CheckConnections(FieldChecks& checks,
                      const v1::ConnectionsConfig& connections) {
  CheckOptions(checks, connections.default_options());
  checks.Range("connections.stop_timeout", connections.stop_timeout(),
               absl::Milliseconds(1), absl::Hours(24));
  checks.Range("connections.ended_retention", connections.ended_retention(),
               absl::Milliseconds(1), absl::Hours(24));
  checks.Range("connections.stall_threshold", connections.stall_threshold(),
               absl::Milliseconds(1), absl::Hours(24));
}

void CheckGrpc(FieldChecks& checks, const v1::GrpcConfig& grpc) {
  checks.Range("grpc.max_concurrent_streams", grpc.max_concurrent_streams(), 1,
               65536);
  checks.Range("grpc.max_request_bytes", grpc.max_request_bytes(), 4096,
               64 << 20);
  checks.Range("grpc.max_metadata_bytes", grpc.max_metadata_bytes(), 1024,
               1 << 20);
  checks.Range("grpc.keepalive_interval", grpc.keepalive_interval(),
               absl::Seconds(1), absl::Hours(24));
  checks.Range("grpc.keepalive_timeout", grpc.keepalive_timeout(),
               absl::Seconds(1), absl::Hours(1));
  checks.Range("grpc.min_client_ping_interval", grpc.min_client_ping_interval(),
               absl::Milliseconds(1), absl::Hours(1));
  checks.Range("grpc.max_memory_bytes", grpc.max_memory_bytes(), 1 << 20,
               kMaxMemory);
}

void CheckLog(FieldChecks& checks, const v1::LogConfig& log) {
  const auto level = [&](const char* field, int value) {
    if (!admin::v1::LogLevel_IsValid(value)) {
      checks.Add(field, "choose one of the values of LogLevel");
    }
  };
  level("log.level", log.level());
  level("log.gofer_level", log.gofer_level());
  if (!v1::LogConfig::Format_IsValid(log.format())) {
    checks.Add("log.format", "choose TEXT or JSON");
  }
  if (!log.audit_file().empty()) {
    checks.AbsolutePath("log.audit_file", log.audit_file());
  }
}

}  // namespace

std::vector<Violation> FindViolations(const v1::DaemonConfig& config) {
  FieldChecks checks;
  if (config.node().empty() || config.node().size() > 253) {
    checks.Add("node", "set a name of 1 to 253 bytes");
  }
  if (config.state_directory().empty()) {
    checks.Add("state_directory",
               "has no default without root and XDG_RUNTIME_DIR: set it");
  } else {
    checks.AbsolutePath("state_directory", config.state_directory());
  }
  checks.AbsolutePath("gofer_path", config.gofer_path());
  for (int i = 0; i < config.allowed_roots_size(); ++i) {
    checks.AbsolutePath(absl::StrCat("allowed_roots[", i, "]"),
                        config.allowed_roots(i));
  }
  CheckListeners(checks, config);
  if (!config.roles_file().empty()) {
    checks.AbsolutePath("roles_file", config.roles_file());
  }
  CheckAttach(checks, config.attach());
  CheckServers(checks, config.servers());
  CheckConnections(checks, config.connections());
  CheckGrpc(checks, config.grpc());
  CheckLog(checks, config.log());
  if (config.has_metrics()) {
    CheckTcpAddress(checks, "metrics.address", config.metrics().address());
  }
  checks.Range("max_kept_events", config.max_kept_events(), 1024, 1048576);
  checks.Range("request_id_retention", config.request_id_retention(),
               absl::Minutes(1), absl::Hours(24));
  checks.Range("shutdown_timeout", config.shutdown_timeout(),
               absl::Milliseconds(1), absl::Hours(1));
  return std::move(checks).Take();
}

absl::Status Validate(const v1::DaemonConfig& config) {
  const std::vector<Violation> violations = FindViolations(config);
  if (violations.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(
      violations, "\n", [](std::string* out, const Violation& violation) {
        absl::StrAppend(out, violation.field, ": ", violation.text);
      }));
}

}  // namespace goferd::config
