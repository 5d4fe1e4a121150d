#include "controlplane/supervisor/context.h"

#include <utility>

#include "controlplane/errors/error.h"
#include "controlplane/supervisor/time_conversion.h"
#include "controlplane/supervisor/uuid.h"

namespace goferd::supervisor {

Context::Context(const config::v1::DaemonConfig& daemon_config,
                 StateDirectory state_directory,
                 std::unique_ptr<worker::EventLoop> event_loop, size_t threads)
    : config(daemon_config),
      cgroup_parent(config.servers().cgroup_parent()),
      state(std::move(state_directory)),
      events(static_cast<size_t>(config.max_kept_events()), NewUuid()),
      model(events),
      tickets(static_cast<size_t>(config.attach().max_pending_tickets())),
      loop(std::move(event_loop)),
      logs(state, *loop),
      pool(threads),
      adopters(threads),
      gofer_log_level(config.log().gofer_level()) {}

void Context::SetSockets(std::shared_ptr<ConnectionSockets> sockets) {
  gofer::base::MutexLock lock(sockets_mu_);
  // The former ones go without the lock, with the argument.
  sockets_.swap(sockets);
}
std::shared_ptr<ConnectionSockets> Context::sockets() const {
  gofer::base::MutexLock lock(sockets_mu_);
  return sockets_;
}

absl::Duration Context::control_timeout() const {
  return ToDuration(config.servers().control_timeout());
}
absl::Duration Context::start_timeout() const {
  return ToDuration(config.servers().start_timeout());
}
absl::Duration Context::ended_retention() const {
  return ToDuration(config.connections().ended_retention());
}
absl::Duration Context::stop_timeout() const {
  return ToDuration(config.connections().stop_timeout());
}
absl::Duration Context::stall_threshold() const {
  return ToDuration(config.connections().stall_threshold());
}

absl::Status CheckRunning(const Context& context) {
  if (!context.stopping.load(std::memory_order_acquire))
    return absl::OkStatus();
  return errors::Error(errors::Reason::SHUTTING_DOWN,
                       "goferd is going down: try again when it is back");
}

}  // namespace goferd::supervisor
