#include "controlplane/gofers/context.h"

#include <utility>

#include "controlplane/errors/error.h"
#include "controlplane/translate/time_conversion.h"
#include "controlplane/translate/uuid.h"

namespace goferd::gofers {

Context::Context(const config::v1::DaemonConfig& daemon_config,
                 state::StateDirectory state_directory,
                 std::unique_ptr<event_loop::EventLoop> event_loop,
                 size_t threads)
    : config(daemon_config),
      cgroup_parent(config.servers().cgroup_parent()),
      state(std::move(state_directory)),
      events(static_cast<size_t>(config.max_kept_events()),
             translate::NewUuid()),
      model(events),
      tickets(static_cast<size_t>(config.attach().max_pending_tickets())),
      loop(std::move(event_loop)),
      logs(state, *loop),
      pool(threads),
      adopters(threads),
      gofer_log_level(config.log().gofer_level()) {}

void Context::SetSockets(std::shared_ptr<tickets::ConnectionSockets> sockets) {
  gofer::base::MutexLock lock(sockets_mu_);
  // The former ones go without the lock, with the argument.
  sockets_.swap(sockets);
}
std::shared_ptr<tickets::ConnectionSockets> Context::sockets() const {
  gofer::base::MutexLock lock(sockets_mu_);
  return sockets_;
}

absl::Duration Context::control_timeout() const {
  return translate::ToDuration(config.servers().control_timeout());
}
absl::Duration Context::start_timeout() const {
  return translate::ToDuration(config.servers().start_timeout());
}
absl::Duration Context::ended_retention() const {
  return translate::ToDuration(config.connections().ended_retention());
}
absl::Duration Context::stop_timeout() const {
  return translate::ToDuration(config.connections().stop_timeout());
}
absl::Duration Context::stall_threshold() const {
  return translate::ToDuration(config.connections().stall_threshold());
}

absl::Status CheckRunning(const Context& context) {
  if (!context.stopping.load(std::memory_order_acquire))
    return absl::OkStatus();
  return errors::Error(errors::Reason::SHUTTING_DOWN,
                       "goferd is going down: try again when it is back");
}

absl::Status CheckSandboxMode(const Context& context,
                              admin::Server::SandboxMode mode) {
  if (mode != admin::Server::UNCONFINED ||
      context.config.servers().allow_unconfined()) {
    return absl::OkStatus();
  }
  return errors::Error(
      errors::Reason::HOST_PERMISSION,
      "UNCONFINED servers are not allowed here: servers.allow_unconfined of "
      "the daemon's configuration says so");
}

}  // namespace goferd::gofers
