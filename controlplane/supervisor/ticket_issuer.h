// TicketIssuer: tickets for connections, and the sockets that stand for them.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_TICKET_ISSUER_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_TICKET_ISSUER_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controlplane/gofers/settings.h"
#include "controlplane/model/model.h"
#include "controlplane/tickets/connection_socket.h"
#include "controlplane/tickets/ticket_table.h"
#include "goferd/admin/v1/connection.pb.h"
#include "goferd/admin/v1/connection_service.pb.h"
#include "server/base/mutex.h"

namespace goferd::supervisor {

namespace admin = goferd::admin::v1;

// Thread-safe.
class TicketIssuer {
 public:
  // All outlive it.
  TicketIssuer(model::Model& model, tickets::TicketTable& tickets,
               const gofers::Settings& settings)
      : model_(model), tickets_(tickets), settings_(settings) {}

  // Where connections of ATTACH_MODE_LISTEN get their paths from now on. Null:
  // nowhere, not yet or not any more.
  void SetSockets(std::shared_ptr<tickets::ConnectionSockets> sockets);

  // Whether connections can have sockets of their own now. Errors:
  // SHUTTING_DOWN, those of ConnectionSockets::Check.
  absl::Status CheckSockets() const;
  // A `ttl` of zero is the daemon's default.
  absl::StatusOr<admin::AttachTicket> Issue(const model::ServerRecord& server,
                                            const admin::Connection& connection,
                                            absl::Duration ttl);
  // Puts a path in the place of a ticket for LISTEN.
  absl::Status OpenSocket(admin::AttachTicket& ticket);
  // Opens the paths again that an earlier run of goferd left; removes those
  // that nobody waits at any more once all its gofers are adopted.
  void RestoreSockets();

 private:
  // SHUTTING_DOWN when there are none.
  absl::StatusOr<std::shared_ptr<tickets::ConnectionSockets>> Sockets() const;

  model::Model& model_;
  tickets::TicketTable& tickets_;
  const gofers::Settings& settings_;
  mutable gofer::base::Mutex sockets_mu_;
  std::shared_ptr<tickets::ConnectionSockets> sockets_
      ABSL_GUARDED_BY(sockets_mu_);
};

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_TICKET_ISSUER_H_
