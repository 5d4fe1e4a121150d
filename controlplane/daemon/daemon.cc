#include "controlplane/daemon/daemon.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "controlplane/auth/audit.h"
#include "controlplane/auth/role_book.h"
#include "controlplane/config/text_file.h"
#include "controlplane/daemon/admin_server.h"
#include "controlplane/daemon/fd_limit.h"
#include "controlplane/daemon/grpc_log.h"
#include "controlplane/daemon/listeners.h"
#include "controlplane/daemon/liveness.h"
#include "controlplane/daemon/reload.h"
#include "controlplane/daemon/service_manager.h"
#include "controlplane/daemon/signals.h"
#include "controlplane/event_loop/event_loop.h"
#include "controlplane/exporter/metrics_endpoint.h"
#include "controlplane/handoff/attach_server.h"
#include "controlplane/handoff/listen_directory.h"
#include "controlplane/handoff/listen_server.h"
#include "controlplane/process/host_abilities.h"
#include "controlplane/service/daemon_log_level.h"
#include "controlplane/service/methods.h"
#include "controlplane/supervisor/supervisor.h"
#include "controlplane/translate/time_conversion.h"
#include "server/base/log.h"
#include "server/base/log_format.h"

namespace goferd::daemon {
namespace {

// How often files are looked at for changes.
constexpr absl::Duration kTick = absl::Seconds(1);

void SetFormat(config::v1::LogConfig::Format format) {
  using gofer::base::LogFormat;
  gofer::base::SetLogFormat(format == config::v1::LogConfig::JSON
                                ? LogFormat::kJson
                                : LogFormat::kText,
                            "goferd");
}

ExitCode Fail(ExitCode code, const char* step, const absl::Status& status) {
  gofer::base::Log().error("{}: {}", step, std::string(status.message()));
  return code;
}

absl::Status ReadBindings(const std::string& path,
                          config::v1::RoleBindings& to) {
  return config::ReadTextFile(path, to);
}

// The parts are made in this order and destroyed in the opposite one. Each uses
// only parts above it.
struct Parts {
  std::unique_ptr<auth::RoleBook> roles;
  std::unique_ptr<auth::AuditLog> audit;
  std::vector<UdsListener> sockets;
  std::unique_ptr<supervisor::Supervisor> supervisor;
  std::unique_ptr<service::Methods> methods;
  std::unique_ptr<event_loop::EventLoop> loop;
  std::unique_ptr<handoff::AttachServer> attach;
  std::unique_ptr<handoff::ListenServer> listen;
  std::unique_ptr<exporter::MetricsEndpoint> metrics;
  std::unique_ptr<AdminServer> server;
};

// Moves the value to `to`, or prints the error of the step.
template <class T>
bool Take(absl::StatusOr<T> from, T& to, const char* step) {
  if (!from.ok()) {
    Fail(ExitCode::kOk, step, from.status());
    return false;
  }
  to = *std::move(from);
  return true;
}

std::vector<std::string> Capabilities(const config::v1::DaemonConfig& config) {
  std::vector<std::string> capabilities =
      process::HostAbilities(config.allowed_roots());
  capabilities.insert(capabilities.end(), {"attach-give", "handler-rules"});
  if (handoff::CheckListenPaths(config.attach()).ok()) {
    capabilities.emplace_back("attach-listen");
  }
  if (config.servers().allow_unconfined()) {
    capabilities.emplace_back("unconfined-servers");
  }
  if (config.servers().warm_gofers() > 0) {
    capabilities.emplace_back("warm-gofers");
  }
  std::sort(capabilities.begin(), capabilities.end());
  return capabilities;
}

ExitCode StartFoundations(const config::v1::DaemonConfig& config,
                          Parts& parts) {
  if (!Take(
          auth::RoleBook::Open(config.roles_file(), ::geteuid(), ReadBindings),
          parts.roles, "read-roles")) {
    return ExitCode::kRoles;
  }
  if (!Take(auth::AuditLog::Open(config.log().audit_file()), parts.audit,
            "open-audit")) {
    return ExitCode::kAudit;
  }
  if (!Take(supervisor::Supervisor::Start(config), parts.supervisor,
            "start-supervisor")) {
    return ExitCode::kSupervisor;
  }
  parts.methods = std::make_unique<service::Methods>(
      parts.supervisor->node(),
      service::DaemonFacts{GOFERD_VERSION, absl::Now(), Capabilities(config)});
  return ExitCode::kOk;
}

ExitCode StartServers(const config::v1::DaemonConfig& config, Parts& parts) {
  if (!Take(event_loop::EventLoop::Start(), parts.loop, "start-loop")) {
    return ExitCode::kSignals;
  }
  if (!Take(handoff::AttachServer::Start(config.attach(), *parts.loop,
                                         parts.supervisor->attachments(),
                                         *parts.audit, {}),
            parts.attach, "listen-attach") ||
      !Take(handoff::ListenServer::Start(config.attach(), *parts.loop,
                                         parts.supervisor->attachments(),
                                         *parts.audit, {}),
            parts.listen, "listen-connections")) {
    return ExitCode::kAttach;
  }
  if (config.has_metrics() &&
      !Take(exporter::MetricsEndpoint::Start(config.metrics().address(),
                                             parts.supervisor->statistics()),
            parts.metrics, "listen-metrics")) {
    return ExitCode::kMetrics;
  }
  std::vector<PassedSocket> passed;
  std::vector<PassedSocket> tcp;
  if (!Take(TakePassedSockets(), passed, "take-sockets") ||
      !Take(SeparateTcp(config, passed), tcp, "take-sockets") ||
      !Take(OpenListeners(config, std::move(passed)), parts.sockets,
            "listen")) {
    return ExitCode::kListen;
  }
  service::AdminServices::EnableCommonServices();
  const service::Bodies bodies = parts.methods->bodies();
  if (!Take(AdminServer::Start(
                {parts.supervisor->node(), bodies, *parts.roles, *parts.audit},
                std::move(parts.sockets), std::move(tcp)),
            parts.server, "listen")) {
    return ExitCode::kListen;
  }
  return ExitCode::kOk;
}

Liveness LivenessOf(Parts& parts) {
  return Liveness({{"attach",
                    [loop = parts.loop.get()](std::function<void()> task) {
                      loop->Post(std::move(task));
                    }},
                   {"supervisor", [supervisor = parts.supervisor.get()](
                                      std::function<void()> task) {
                      supervisor->Post(std::move(task));
                    }}});
}

void WaitForTheEnd(const Options& options, Parts& parts) {
  const absl::Duration alive = AliveInterval();
  Liveness liveness = LivenessOf(parts);
  // The service manager counts by this clock, too, which cannot be set back.
  using Clock = std::chrono::steady_clock;
  Clock::time_point next_alive = Clock::time_point::min();
  for (;;) {
    if (alive != absl::InfiniteDuration() && Clock::now() >= next_alive &&
        liveness.Check()) {
      NotifyAlive();
      next_alive = Clock::now() + absl::ToChronoNanoseconds(alive);
    }
    // A thread that is late is asked again soon: hence the quarter.
    switch (WaitForSignal(std::min(kTick, alive / 4))) {
      case Signal::kEnd:
        return;
      case Signal::kReload:
        NotifyReloading();
        Reload(options, parts.supervisor->node().config, *parts.roles,
               *parts.audit);
        parts.server->RolesMayHaveChanged();
        NotifyReady();
        break;
      case Signal::kTimeout:
        parts.roles->ReloadIfChanged();
        parts.server->RolesMayHaveChanged();
        parts.server->RefreshCertificates();
        break;
    }
  }
}

ExitCode Serve(const Options& options, const config::v1::DaemonConfig& config) {
  SetFormat(config.log().format());
  service::SetDaemonLogLevel(config.log().level());
  RouteGrpcLog();
  RaiseFdLimit();
  Parts parts;
  if (auto code = StartFoundations(config, parts); code != ExitCode::kOk) {
    return code;
  }
  if (auto code = StartServers(config, parts); code != ExitCode::kOk) {
    return code;
  }
  gofer::base::Log().info("goferd {} serves on {}", GOFERD_VERSION,
                          config.node());
  NotifyReady();
  WaitForTheEnd(options, parts);
  NotifyStopping();
  gofer::base::Log().info("goferd was told to end; its gofers go on");
  parts.listen.reset();
  parts.attach.reset();
  parts.server->Shutdown(translate::ToDuration(config.shutdown_timeout()));
  parts.metrics.reset();
  return ExitCode::kOk;
}

}  // namespace

ExitCode Run(const Options& options) {
  // The umask that we were started with does not count: modes of files and
  // sockets are given where they are made.
  ::umask(0022);
  const auto config = config::LoadConfig(options.config_path, options.overrides,
                                         config::Environment::OfThisProcess());
  if (!config.ok()) {
    // The file has faults and may not say how the log looks, but a flag can.
    SetFormat(options.overrides.log_format == "json"
                  ? config::v1::LogConfig::JSON
                  : config::v1::LogConfig::TEXT);
    gofer::base::SayLastWords(
        absl::StrCat("configuration:\n", config.status().message()));
    return ExitCode::kConfig;
  }
  switch (options.task) {
    case Task::kCheckConfig:
      return ExitCode::kOk;
    case Task::kPrintConfig:
      std::fputs(config::ToText(*config).c_str(), stdout);
      return ExitCode::kOk;
    case Task::kRun:
      return Serve(options, *config);
  }
  return ExitCode::kUsage;
}

}  // namespace goferd::daemon
