// ConnectionOperations: connections made, attached and stopped.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_CONNECTION_OPERATIONS_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_CONNECTION_OPERATIONS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "controlplane/gofers/context.h"
#include "controlplane/supervisor/connection_spec.h"
#include "controlplane/supervisor/connections.h"
#include "controlplane/supervisor/ticket_issuer.h"

namespace goferd::supervisor {

namespace admin = goferd::admin::v1;

// Blocks on gofers.
class ConnectionOperations final : public Connections {
 public:
  ConnectionOperations(gofers::Context& context, TicketIssuer& issuer)
      : context_(context), issuer_(issuer) {}

  absl::StatusOr<std::vector<StartedConnection>> Start(
      const std::vector<ConnectionSpec>& specs, Effect effect) override;
  absl::StatusOr<StartedConnection> RenewTicket(absl::string_view server_id,
                                                absl::string_view connection_id,
                                                absl::string_view uid) override;
  absl::StatusOr<admin::Connection> Get(
      absl::string_view server_id,
      absl::string_view connection_id) const override;
  absl::StatusOr<int64_t> Visit(
      const names::ServerScope& scope, absl::string_view after,
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
    model::Model::ServerPtr server;
    std::shared_ptr<link::GoferLink> link;
    std::string id;
    std::string uid;
    admin::AttachMode attach_mode;
    admin::AttachTicket ticket;
    worker::v1::ToGofer request;
  };

  // What `specs` need of goferd itself.
  absl::Status CheckModes(const std::vector<ConnectionSpec>& specs) const;
  absl::Status CheckSpec(const ConnectionSpec& spec,
                         const model::ServerRecord* server,
                         int64_t others) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);
  absl::Status CheckAll(const std::vector<ConnectionSpec>& specs) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);
  absl::StatusOr<Making> Prepare(const ConnectionSpec& spec)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);
  absl::Status OpenSockets(std::vector<Making>& making);
  absl::Status AskGofers(std::vector<Making>& making);
  void TakeBack(const std::vector<Making>& making)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);
  absl::StatusOr<std::vector<StartedConnection>> Finish(
      const std::vector<Making>& making);
  // So that the next goferd knows the new ticket, and the old one no more.
  static void KeepRenewed(const std::shared_ptr<link::GoferLink>& link,
                          worker::v1::ToGofer ask);

  gofers::Context& context_;
  TicketIssuer& issuer_;
};

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_CONNECTION_OPERATIONS_H_
