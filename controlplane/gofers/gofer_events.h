// GoferEvents: what gofers tell of, brought into the model.

#ifndef GOFERD_CONTROLPLANE_GOFERS_GOFER_EVENTS_H_
#define GOFERD_CONTROLPLANE_GOFERS_GOFER_EVENTS_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "controlplane/gofers/context.h"
#include "goferd/worker/v1/connection.pb.h"
#include "goferd/worker/v1/event.pb.h"

namespace goferd::gofers {

namespace admin = goferd::admin::v1;

// Stateless but for the context, whose loop ends before it. A gofer is believed
// what concerns its own server only; what names something unknown is ignored. A
// connection goes forward only, and conditions are told of at a bounded rate
// (ConditionQueue): a gofer cannot flush the history of events.
class GoferEvents {
 public:
  explicit GoferEvents(Context& context) : context_(context) {}

  // On the event loop's thread. `generation` is that of its link.
  void Apply(absl::string_view server_id, uint64_t generation,
             const worker::v1::Event& event);

  // The same for one whose server is known.
  void ApplyTo(model::ServerRecord& server, const worker::v1::Event& event)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);

  // Brings a connection to what its gofer says of it, and tells of it if that
  // is new. Of a connection that is not known nothing is made.
  void ApplyConnection(model::ServerRecord& server,
                       const worker::v1::Connection& connection)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);

 private:
  void OfferCondition(model::ServerRecord& server,
                      const worker::v1::ConditionChanged& changed)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);
  void TellLater(const model::ServerRecord& server)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);
  void ApplyCondition(model::ServerRecord& server,
                      const worker::v1::ConditionChanged& changed)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);
  void ApplyRuleExpiry(model::ServerRecord& server, const std::string& rule_uid)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);

  Context& context_;
};

admin::Connection::EndReason ToAdmin(worker::v1::EndReason reason);

}  // namespace goferd::gofers

#endif  // GOFERD_CONTROLPLANE_GOFERS_GOFER_EVENTS_H_
