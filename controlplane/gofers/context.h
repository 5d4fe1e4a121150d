// Context: what the parts of the supervisor share.

#ifndef GOFERD_CONTROLPLANE_GOFERS_CONTEXT_H_
#define GOFERD_CONTROLPLANE_GOFERS_CONTEXT_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "controlplane/event_loop/event_loop.h"
#include "controlplane/link/gofer_links.h"
#include "controlplane/link/task_pool.h"
#include "controlplane/model/event_log.h"
#include "controlplane/model/model.h"
#include "controlplane/state/gofer_logs.h"
#include "controlplane/state/state_directory.h"
#include "controlplane/tickets/connection_socket.h"
#include "controlplane/tickets/ticket_table.h"
#include "goferd/admin/v1/server.pb.h"
#include "goferd/config/v1/config.pb.h"
#include "server/base/mutex.h"

namespace goferd::gofers {

namespace admin = goferd::admin::v1;

// Owned by the Supervisor, and outlives its parts. The loop and the pool are
// stopped before anything here goes. Locks: a ServerRecord's overrides_mu, then
// model.mu, then those of the parts below, which call nothing.
struct Context {
  Context(const config::v1::DaemonConfig& daemon_config,
          state::StateDirectory state_directory,
          std::unique_ptr<event_loop::EventLoop> event_loop, size_t threads);

  const config::v1::DaemonConfig config;
  // The control group below which gofers get theirs; empty: they have none. Set
  // before there are gofers.
  std::string cgroup_parent;
  state::StateDirectory state;
  model::EventLog events;
  model::Model model;
  tickets::TicketTable tickets;
  const std::unique_ptr<event_loop::EventLoop> loop;
  state::GoferLogs logs;
  link::GoferLinks links;
  link::TaskPool pool;
  // For gofers that are to be known again, and may not answer: they keep nobody
  // else waiting.
  link::TaskPool adopters;
  std::atomic<bool> stopping = false;
  // Of gofers started from now on.
  std::atomic<int> gofer_log_level;
  std::atomic<int64_t> gofer_restarts = 0;
  std::atomic<int64_t> gofer_crashes = 0;
  // Whether all gofers of an earlier run were asked, and what they hold is
  // known.
  std::atomic<bool> adopted = false;

  // Null: connections have no sockets of their own, not yet or not any more.
  void SetSockets(std::shared_ptr<tickets::ConnectionSockets> sockets);
  std::shared_ptr<tickets::ConnectionSockets> sockets() const;

  absl::Duration control_timeout() const;
  absl::Duration start_timeout() const;
  absl::Duration ended_retention() const;
  absl::Duration stop_timeout() const;
  absl::Duration stall_threshold() const;

 private:
  mutable gofer::base::Mutex sockets_mu_;
  std::shared_ptr<tickets::ConnectionSockets> sockets_
      ABSL_GUARDED_BY(sockets_mu_);
};

// SHUTTING_DOWN once goferd is going down.
absl::Status CheckRunning(const Context& context);

// HOST_PERMISSION for a mode that the configuration does not allow.
absl::Status CheckSandboxMode(const Context& context,
                              admin::Server::SandboxMode mode);

}  // namespace goferd::gofers

#endif  // GOFERD_CONTROLPLANE_GOFERS_CONTEXT_H_
