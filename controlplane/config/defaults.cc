#include "controlplane/config/defaults.h"

#include <limits.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace goferd::config {
namespace {

using google::protobuf::Duration;

constexpr uint32_t kPrivateSocket = 0600;

void Default(Duration* duration, int64_t seconds) {
  if (duration->seconds() == 0 && duration->nanos() == 0) {
    duration->set_seconds(seconds);
  }
}

template <typename T>
T OrElse(T value, T otherwise) {
  return value == T{} ? otherwise : value;
}

void FillLimits(const admin::v1::ServerLimits& defaults,
                admin::v1::ServerLimits& limits) {
  admin::v1::ServerLimits complete = defaults;
  complete.MergeFrom(limits);
  limits = complete;
}

admin::v1::ServerLimits Limits(int32_t connections, int32_t fds,
                               int32_t channels, int64_t memory) {
  admin::v1::ServerLimits limits;
  limits.set_max_connections(connections);
  limits.set_max_fds(fds);
  limits.set_max_channels(channels);
  limits.set_max_memory_bytes(memory);
  return limits;
}

std::string StateDirectory(const Environment& environment) {
  if (environment.uid == 0) return "/run/goferd";
  if (environment.runtime_directory.empty()) return "";
  return absl::StrCat(environment.runtime_directory, "/goferd");
}

void FillListeners(v1::DaemonConfig& config) {
  if (config.listeners().empty()) config.add_listeners()->mutable_uds();
  for (v1::Listener& listener : *config.mutable_listeners()) {
    if (listener.has_uds()) {
      v1::UdsListener& uds = *listener.mutable_uds();
      if (uds.path().empty()) {
        uds.set_path(absl::StrCat(config.state_directory(), "/admin.sock"));
      }
      uds.set_mode(OrElse(uds.mode(), kPrivateSocket));
    } else if (listener.has_tcp() && listener.tcp().has_tls()) {
      Default(listener.mutable_tcp()->mutable_tls()->mutable_refresh_interval(),
              60);
    }
  }
}

void FillAttach(const std::string& state_directory, v1::AttachConfig& attach) {
  if (attach.path().empty()) {
    attach.set_path(absl::StrCat(state_directory, "/attach/attach.sock"));
  }
  attach.set_mode(OrElse(attach.mode(), kPrivateSocket));
  Default(attach.mutable_default_ticket_ttl(), 30);
  attach.set_max_pending_tickets(OrElse(attach.max_pending_tickets(), 4096));
}

void FillServers(v1::ServersConfig& servers) {
  servers.set_max_servers(OrElse(servers.max_servers(), 1024));
  FillLimits(Limits(64, 65536, 128, int64_t{512} << 20),
             *servers.mutable_default_limits());
  FillLimits(Limits(4096, 1048576, 8192, int64_t{64} << 30),
             *servers.mutable_max_limits());
  servers.set_max_handler_rules(OrElse(servers.max_handler_rules(), 1000));
  Default(servers.mutable_start_timeout(), 10);
  Default(servers.mutable_control_timeout(), 5);
}

void FillGrpc(v1::GrpcConfig& grpc) {
  grpc.set_max_concurrent_streams(OrElse(grpc.max_concurrent_streams(), 256));
  grpc.set_max_request_bytes(OrElse(grpc.max_request_bytes(), 262144));
  grpc.set_max_metadata_bytes(OrElse(grpc.max_metadata_bytes(), 8192));
  Default(grpc.mutable_keepalive_interval(), 60);
  Default(grpc.mutable_keepalive_timeout(), 20);
  Default(grpc.mutable_min_client_ping_interval(), 10);
  grpc.set_max_memory_bytes(OrElse(grpc.max_memory_bytes(), int64_t{67108864}));
}

void FillLog(v1::LogConfig& log) {
  log.set_level(OrElse(log.level(), admin::v1::LOG_LEVEL_INFO));
  log.set_gofer_level(OrElse(log.gofer_level(), admin::v1::LOG_LEVEL_WARNING));
  log.set_format(OrElse(log.format(), v1::LogConfig::TEXT));
}

std::string ExecutableDirectory() {
  char path[PATH_MAX];
  const ssize_t n = ::readlink("/proc/self/exe", path, sizeof(path));
  if (n <= 0) return "";
  const std::string executable(path, static_cast<size_t>(n));
  return executable.substr(0, executable.rfind('/'));
}

}  // namespace

Environment Environment::OfThisProcess() {
  Environment environment;
  char host[HOST_NAME_MAX + 1] = {};
  if (::gethostname(host, HOST_NAME_MAX) == 0) environment.host_name = host;
  environment.executable_directory = ExecutableDirectory();
  if (const char* directory = std::getenv("XDG_RUNTIME_DIR")) {
    environment.runtime_directory = directory;
  }
  environment.uid = ::geteuid();
  return environment;
}

void FillDefaults(const Environment& environment, v1::DaemonConfig& config) {
  if (config.node().empty()) config.set_node(environment.host_name);
  if (config.state_directory().empty()) {
    config.set_state_directory(StateDirectory(environment));
  }
  if (config.gofer_path().empty()) {
    config.set_gofer_path(
        absl::StrCat(environment.executable_directory, "/gofer"));
  }
  FillListeners(config);
  FillAttach(config.state_directory(), *config.mutable_attach());
  FillServers(*config.mutable_servers());
  v1::ConnectionsConfig& connections = *config.mutable_connections();
  Default(connections.mutable_stop_timeout(), 30);
  Default(connections.mutable_ended_retention(), 600);
  Default(connections.mutable_stall_threshold(), 30);
  FillGrpc(*config.mutable_grpc());
  FillLog(*config.mutable_log());
  config.set_max_kept_events(OrElse(config.max_kept_events(), 65536));
  Default(config.mutable_request_id_retention(), 3600);
  Default(config.mutable_shutdown_timeout(), 10);
}

}  // namespace goferd::config
