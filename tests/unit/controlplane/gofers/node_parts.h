// NodeParts: the shared parts of a node, for tests that put a few parts
// together.

#ifndef GOFERD_TESTS_UNIT_CONTROLPLANE_GOFERS_NODE_PARTS_H_
#define GOFERD_TESTS_UNIT_CONTROLPLANE_GOFERS_NODE_PARTS_H_

#include <string>

#include "controlplane/event_loop/event_loop.h"
#include "controlplane/gofers/host.h"
#include "controlplane/gofers/overrides_store.h"
#include "controlplane/gofers/settings.h"
#include "controlplane/gofers/threads.h"
#include "controlplane/model/event_log.h"
#include "controlplane/model/model.h"
#include "controlplane/state/state_directory.h"
#include "controlplane/tickets/ticket_table.h"
#include "goferd/config/v1/config.pb.h"

namespace goferd::gofers {

// Has a state directory of its own at `directory`. Stop the threads before the
// objects are destroyed that their tasks use.
struct NodeParts {
  NodeParts(const config::v1::DaemonConfig& config,
            const std::string& directory, size_t thread_count = 1)
      : settings(config),
        threads(*event_loop::EventLoop::Start(), thread_count),
        host(config, *state::StateDirectory::Open(directory), threads.loop()),
        events(static_cast<size_t>(config.max_kept_events()), "instance"),
        model(events),
        tickets(static_cast<size_t>(config.attach().max_pending_tickets())),
        store(model, host) {}

  const Settings settings;
  Threads threads;
  Host host;
  model::EventLog events;
  model::Model model;
  tickets::TicketTable tickets;
  OverridesStore store;
};

}  // namespace goferd::gofers

#endif  // GOFERD_TESTS_UNIT_CONTROLPLANE_GOFERS_NODE_PARTS_H_
