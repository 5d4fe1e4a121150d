#include "controlplane/gofers/gofer_lifecycle.h"

namespace goferd::gofers {

GoferLifecycle::GoferLifecycle(model::Model& model,
                               tickets::TicketTable& tickets, Threads& threads,
                               const Settings& settings, Host& host,
                               OverridesStore& store, WarmGofers& warm)
    : events_(model, tickets, threads, settings),
      restoration_(model, tickets, settings, host, store, events_),
      starter_(threads, settings, host, warm),
      watch_(threads,
             [this](const std::string& server_id, uint64_t generation) {
               exits_.OnExit(server_id, generation);
             }),
      launcher_(model, settings, host, starter_, watch_,
                [this](const std::string& server_id, uint64_t generation) {
                  return CallbacksFor(server_id, generation);
                }),
      restarter_(model, threads, settings, host, launcher_),
      takeover_(model, threads, settings, host, watch_, restoration_, events_,
                reconnector_,
                [this](const std::string& server_id, uint64_t generation) {
                  return CallbacksFor(server_id, generation);
                }),
      adopter_(model, threads, settings, host, watch_, takeover_, restarter_,
               stopper_),
      stopper_(model, tickets, settings, host, watch_, adopter_),
      exits_(model, tickets, threads, settings, host, watch_, restarter_,
             adopter_, stopper_),
      reconnector_(model, threads, host, watch_, takeover_, exits_) {}

worker::GoferClient::Callbacks GoferLifecycle::CallbacksFor(
    const std::string& server_id, uint64_t link_generation) {
  return {
      .on_event =
          [this, server_id, link_generation](const worker::v1::Event& event) {
            events_.Apply(server_id, link_generation, event);
          },
      .on_closed =
          [this, server_id, link_generation](const absl::Status&) {
            reconnector_.OnClosed(server_id, link_generation);
          },
      .on_answering =
          [this, server_id, link_generation](bool answers) {
            reconnector_.OnAnswering(server_id, link_generation, answers);
          }};
}

}  // namespace goferd::gofers
