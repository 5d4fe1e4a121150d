// GoferLifecycle: gofers from their start to their end, whoever wants it.

#ifndef GOFERD_CONTROLPLANE_GOFERS_GOFER_LIFECYCLE_H_
#define GOFERD_CONTROLPLANE_GOFERS_GOFER_LIFECYCLE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "controlplane/gofers/adopter.h"
#include "controlplane/gofers/exit_handler.h"
#include "controlplane/gofers/gofer_events.h"
#include "controlplane/gofers/gofer_launcher.h"
#include "controlplane/gofers/gofer_starter.h"
#include "controlplane/gofers/gofer_stopper.h"
#include "controlplane/gofers/gofer_watch.h"
#include "controlplane/gofers/host.h"
#include "controlplane/gofers/overrides_store.h"
#include "controlplane/gofers/reconnector.h"
#include "controlplane/gofers/restarter.h"
#include "controlplane/gofers/restoration.h"
#include "controlplane/gofers/settings.h"
#include "controlplane/gofers/takeover.h"
#include "controlplane/gofers/threads.h"
#include "controlplane/gofers/warm_gofers.h"
#include "controlplane/model/model.h"
#include "controlplane/tickets/ticket_table.h"

namespace goferd::gofers {

// Wires the parts that start, watch, restart, adopt and end gofers: an exit may
// lead to a restart, a lost link to an adoption, a failed adoption to an exit.
// They know each other by reference, and all live exactly as long as this.
class GoferLifecycle {
 public:
  // All outlive it. The threads must have been stopped when it goes.
  GoferLifecycle(model::Model& model, tickets::TicketTable& tickets,
                 Threads& threads, const Settings& settings, Host& host,
                 OverridesStore& store, WarmGofers& warm);
  GoferLifecycle(const GoferLifecycle&) = delete;
  GoferLifecycle& operator=(const GoferLifecycle&) = delete;

  GoferLauncher& launcher() { return launcher_; }
  GoferStopper& stopper() { return stopper_; }
  Adopter& adopter() { return adopter_; }

 private:
  worker::GoferClient::Callbacks CallbacksFor(const std::string& server_id,
                                              uint64_t link_generation);

  GoferEvents events_;
  Restoration restoration_;
  GoferStarter starter_;
  GoferWatch watch_;
  GoferLauncher launcher_;
  Restarter restarter_;
  Takeover takeover_;
  Adopter adopter_;
  GoferStopper stopper_;
  ExitHandler exits_;
  Reconnector reconnector_;
};

}  // namespace goferd::gofers

#endif  // GOFERD_CONTROLPLANE_GOFERS_GOFER_LIFECYCLE_H_
