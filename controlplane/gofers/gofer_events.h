// GoferEvents: what gofers tell of, brought into the model.

#ifndef GOFERD_CONTROLPLANE_GOFERS_GOFER_EVENTS_H_
#define GOFERD_CONTROLPLANE_GOFERS_GOFER_EVENTS_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "controlplane/gofers/settings.h"
#include "controlplane/gofers/threads.h"
#include "controlplane/model/model.h"
#include "controlplane/tickets/ticket_table.h"
#include "goferd/worker/v1/connection.pb.h"
#include "goferd/worker/v1/event.pb.h"

namespace goferd::gofers {

namespace admin = goferd::admin::v1;

// A gofer is believed
// what concerns its own server only; what names something unknown is ignored. A
// connection goes forward only, and conditions are told of at a bounded rate
// (ConditionQueue): a gofer cannot flush the history of events.
class GoferEvents {
 public:
  // All outlive it; the loop has ended when it goes.
  GoferEvents(model::Model& model, tickets::TicketTable& tickets,
              Threads& threads, const Settings& settings)
      : model_(model),
        tickets_(tickets),
        threads_(threads),
        settings_(settings) {}

  // On the event loop's thread. `generation` is that of its link.
  void Apply(absl::string_view server_id, uint64_t generation,
             const worker::v1::Event& event);

  // The same for one whose server is known.
  void ApplyTo(const model::ModelLock& lock, model::ServerRecord& server,
               const worker::v1::Event& event);

  // Brings a connection to what its gofer says of it, and tells of it if that
  // is new. Of a connection that is not known nothing is made.
  void ApplyConnection(const model::ModelLock& lock,
                       model::ServerRecord& server,
                       const worker::v1::Connection& connection);

 private:
  void OfferCondition(const model::ModelLock& lock, model::ServerRecord& server,
                      const worker::v1::ConditionChanged& changed);
  void TellLater(const model::ModelLock& lock,
                 const model::ServerRecord& server);
  void ApplyCondition(const model::ModelLock& lock, model::ServerRecord& server,
                      const worker::v1::ConditionChanged& changed);
  void ApplyRuleExpiry(const model::ModelLock& lock,
                       model::ServerRecord& server,
                       const std::string& rule_uid);

  model::Model& model_;
  tickets::TicketTable& tickets_;
  Threads& threads_;
  const Settings& settings_;
};

admin::Connection::EndReason ToAdmin(worker::v1::EndReason reason);

}  // namespace goferd::gofers

#endif  // GOFERD_CONTROLPLANE_GOFERS_GOFER_EVENTS_H_
