// GoferStopper: the end of a gofer whose server is deleted.

#ifndef GOFERD_CONTROLPLANE_GOFERS_GOFER_STOPPER_H_
#define GOFERD_CONTROLPLANE_GOFERS_GOFER_STOPPER_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controlplane/gofers/gofer_watch.h"
#include "controlplane/gofers/host.h"
#include "controlplane/gofers/settings.h"
#include "controlplane/model/model.h"
#include "controlplane/process/gofer_process.h"
#include "controlplane/tickets/ticket_table.h"

namespace goferd::gofers {

class Adopter;

// Thread-safe; blocks on the gofer.
class GoferStopper {
 public:
  // All outlive it.
  GoferStopper(model::Model& model, tickets::TicketTable& tickets,
               const Settings& settings, Host& host, GoferWatch& watch,
               Adopter& adopter)
      : model_(model),
        tickets_(tickets),
        settings_(settings),
        host_(host),
        watch_(watch),
        adopter_(adopter) {}

  // Ends the gofer of a server that is STOPPING, and removes the server with
  // all that it has. The caller has the server's Mutation. INTERNAL_FAULT when
  // the process does not die.
  absl::Status Stop(const model::ServerPtr& server);

 private:
  // The server's gofer, if it lives and is not in the record: null when it is
  // surely dead. An error means that nobody can say.
  absl::StatusOr<std::shared_ptr<process::GoferProcess>> FindUnknown(
      const model::ServerPtr& server, bool created);
  // Whether the gofer said that it ends.
  bool AskToEnd(const model::ServerEntry& server, link::GoferLink& link) const;
  // Kills the process unless it `ends_by_itself` in time. INTERNAL_FAULT when
  // it does not die.
  absl::Status AwaitEnd(const model::ServerEntry& server,
                        process::GoferProcess& process,
                        bool ends_by_itself) const;
  void RemoveState(const model::ServerEntry& server, bool created);

  model::Model& model_;
  tickets::TicketTable& tickets_;
  const Settings& settings_;
  Host& host_;
  GoferWatch& watch_;
  Adopter& adopter_;
};

}  // namespace goferd::gofers

#endif  // GOFERD_CONTROLPLANE_GOFERS_GOFER_STOPPER_H_
