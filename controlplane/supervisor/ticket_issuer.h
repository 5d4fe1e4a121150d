// TicketIssuer: tickets for connections, and the sockets that stand for them.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_TICKET_ISSUER_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_TICKET_ISSUER_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controlplane/gofers/context.h"
#include "goferd/admin/v1/connection.pb.h"
#include "goferd/admin/v1/connection_service.pb.h"

namespace goferd::supervisor {

namespace admin = goferd::admin::v1;

// Thread-safe.
class TicketIssuer {
 public:
  explicit TicketIssuer(gofers::Context& context) : context_(context) {}

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
  gofers::Context& context_;
};

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_TICKET_ISSUER_H_
