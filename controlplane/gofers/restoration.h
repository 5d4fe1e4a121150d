// Restoration: what a gofer has, brought together with what the model knows.

#ifndef GOFERD_CONTROLPLANE_GOFERS_RESTORATION_H_
#define GOFERD_CONTROLPLANE_GOFERS_RESTORATION_H_

#include <memory>
#include <string>
#include <vector>

#include "controlplane/gofers/gofer_events.h"
#include "controlplane/gofers/host.h"
#include "controlplane/gofers/kept_overrides.h"
#include "controlplane/gofers/overrides_store.h"
#include "controlplane/gofers/settings.h"
#include "controlplane/model/model.h"
#include "controlplane/tickets/ticket_table.h"
#include "goferd/worker/v1/bootstrap.pb.h"

namespace goferd::gofers {

// Two cases. A goferd that is new to a gofer takes over its connections, and
// lays the rules over it that it wrote down. One that knows the gofer already
// has all there is, and makes of what the gofer says only a difference: what
// goferd does not know is no news, but a request whose answer was lost, and is
// taken back. Every AdoptResult has passed CheckAdoptResult.
class Restoration {
 public:
  // All outlive it.
  Restoration(model::Model& model, tickets::TicketTable& tickets,
              const Settings& settings, Host& host, OverridesStore& store,
              GoferEvents& events)
      : model_(model),
        tickets_(tickets),
        settings_(settings),
        host_(host),
        store_(store),
        events_(events) {}

  // Uids of connections which the gofer has, and which are over for goferd.
  using Strays = std::vector<std::string>;

  // For a goferd that is new to the gofer.
  Strays RestoreConnections(const model::ModelLock& lock,
                            model::ServerRecord& server,
                            const worker::v1::AdoptResult& result);
  // Asks the gofer. Takes the locks.
  void RestoreRules(const model::ServerPtr& server, link::GoferLink& link,
                    const worker::v1::AdoptResult& result);

  // For one that knows it.
  Strays CompareConnections(const model::ModelLock& lock,
                            model::ServerRecord& server,
                            const worker::v1::AdoptResult& result);
  void CompareRules(const model::ServerPtr& server, link::GoferLink& link,
                    const worker::v1::AdoptResult& result);

  // For both. Asks the gofer.
  void CompareLimits(const model::ServerPtr& server, link::GoferLink& link,
                     const worker::v1::AdoptResult& result);
  // Tells the gofer whether it drains, if it has not been told. It counts as
  // told from then on, also for the next goferd once the server is written down
  // anew.
  void TellDraining(const model::ServerPtr& server, link::GoferLink& link);
  // Ends them in the gofer. Blocks.
  static void EndStrays(const Strays& strays, link::GoferLink& link);

 private:
  model::ConnectionRecord& AddConnection(const model::ModelLock& lock,
                                         model::ServerRecord& server,
                                         const worker::v1::Connection& from);
  int64_t MostTickets(const model::ServerRecord& server) const;
  // Ends the connection when it cannot have its ticket again.
  void RestoreTicket(const model::ModelLock& lock, model::ServerRecord& server,
                     model::ConnectionRecord& record,
                     const worker::v1::Connection& from);
  // What the gofer is to change is added to `change`.
  void PutKeptRules(const model::ModelLock& lock, model::ServerRecord& server,
                    const worker::v1::AdoptResult& result,
                    worker::v1::ChangeRules& change);
  void PutToldRules(const model::ModelLock& lock, model::ServerRecord& server,
                    const worker::v1::AdoptResult& result,
                    worker::v1::ChangeRules& change);
  // Writes down what is laid over the server now, if that is new.
  void Keep(const model::ServerPtr& server, const KeptOverrides& kept);
  // The gofer's own table, when what goferd wrote of it cannot be read.
  void ReadTable(const model::ServerPtr& server, link::GoferLink& link);
  // Takes back that the overrides cannot be read.
  static void ClearDamage(const model::ModelLock& lock,
                          model::ServerRecord& server);
  static void Change(const model::ServerEntry& server, link::GoferLink& link,
                     worker::v1::ChangeRules change);

  model::Model& model_;
  tickets::TicketTable& tickets_;
  const Settings& settings_;
  Host& host_;
  OverridesStore& store_;
  GoferEvents& events_;
};

}  // namespace goferd::gofers

#endif  // GOFERD_CONTROLPLANE_GOFERS_RESTORATION_H_
