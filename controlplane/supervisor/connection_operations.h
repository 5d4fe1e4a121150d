// ConnectionOperations: connections made, attached and stopped.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_CONNECTION_OPERATIONS_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_CONNECTION_OPERATIONS_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "controlplane/gofers/settings.h"
#include "controlplane/gofers/threads.h"
#include "controlplane/model/model.h"
#include "controlplane/supervisor/connection_spec.h"
#include "controlplane/supervisor/connections.h"
#include "controlplane/supervisor/ticket_issuer.h"
#include "controlplane/tickets/ticket_table.h"

namespace goferd::supervisor {

namespace admin = goferd::admin::v1;

// Blocks on gofers.
class ConnectionOperations final : public Connections {
 public:
  // All outlive it.
  ConnectionOperations(model::Model& model, tickets::TicketTable& tickets,
                       gofers::Threads& threads,
                       const gofers::Settings& settings, TicketIssuer& issuer)
      : model_(model),
        tickets_(tickets),
        threads_(threads),
        settings_(settings),
        issuer_(issuer) {}

  absl::StatusOr<std::vector<StartedConnection>> Start(
      const std::vector<ConnectionSpec>& specs, Effect effect) override;
  absl::StatusOr<StartedConnection> RenewTicket(absl::string_view server_id,
                                                absl::string_view connection_id,
                                                absl::string_view uid) override;
  absl::StatusOr<admin::Connection> Get(
      absl::string_view server_id,
      absl::string_view connection_id) const override;
  absl::StatusOr<int64_t> Visit(
      const names::ServerScope& scope,
      const std::optional<names::ChildName>& after,
      absl::FunctionRef<bool(const admin::Connection&)> visit) const override;
  absl::StatusOr<admin::Connection> Stop(
      absl::string_view server_id, absl::string_view connection_id,
      const admin::StopConnectionRequest& request) override;
  absl::StatusOr<model::ConnectionCounts> Count(
      const names::ServerScope& scope) const override;

  // Ends connections whose tickets have run out, and forgets connections that
  // ended long ago. On the event loop's thread.
  void Sweep(absl::Time now);

 private:
  struct Making {
    model::ServerPtr server;
    std::shared_ptr<link::GoferLink> link;
    std::string id;
    std::string uid;
    admin::AttachMode attach_mode;
    admin::AttachTicket ticket;
    worker::v1::ToGofer request;
  };

  // What `specs` need of goferd itself.
  absl::Status CheckModes(const std::vector<ConnectionSpec>& specs) const;
  absl::StatusOr<std::vector<StartedConnection>> StartNew(
      const std::vector<ConnectionSpec>& specs, Effect effect);
  // The uid of the connection that the request of `spec` has made. Errors:
  // REQUEST_ID_REUSED.
  absl::StatusOr<std::optional<std::string>> FindMade(
      const model::ModelLock& lock, const ConnectionSpec& spec) const;
  absl::Status CheckSpec(const model::ModelLock& lock,
                         const ConnectionSpec& spec, model::ServerEntry* entry,
                         int64_t others) const;
  absl::Status CheckAll(const model::ModelLock& lock,
                        const std::vector<ConnectionSpec>& specs) const;
  absl::StatusOr<Making> Prepare(const model::ModelLock& lock,
                                 const ConnectionSpec& spec);
  absl::Status OpenSockets(std::vector<Making>& making);
  absl::Status AskGofers(std::vector<Making>& making);
  // Sets the warnings in the answer, where `started` is in the order of
  // `specs`.
  void Warn(const model::ModelLock& lock,
            const std::vector<ConnectionSpec>& specs,
            std::vector<StartedConnection>& started) const;
  void TakeBack(const model::ModelLock& lock,
                const std::vector<Making>& making);
  absl::StatusOr<std::vector<StartedConnection>> Finish(
      const model::ModelLock& lock, const std::vector<Making>& making);
  // So that the next goferd knows the new ticket, and the old one no more.
  static void KeepRenewed(const std::shared_ptr<link::GoferLink>& link,
                          worker::v1::ToGofer ask);

  model::Model& model_;
  tickets::TicketTable& tickets_;
  gofers::Threads& threads_;
  const gofers::Settings& settings_;
  TicketIssuer& issuer_;
};

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_CONNECTION_OPERATIONS_H_
