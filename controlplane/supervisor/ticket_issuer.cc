#include "controlplane/supervisor/ticket_issuer.h"

#include <memory>
#include <optional>
#include <utility>

#include "controlplane/errors/error.h"
#include "controlplane/names/resource_name.h"
#include "controlplane/translate/time_conversion.h"

namespace goferd::supervisor {

using errors::Reason;

void TicketIssuer::SetSockets(
    std::shared_ptr<tickets::ConnectionSockets> sockets) {
  gofer::base::MutexLock lock(sockets_mu_);
  // The former sockets go without the lock, with the argument.
  sockets_.swap(sockets);
}

absl::StatusOr<std::shared_ptr<tickets::ConnectionSockets>>
TicketIssuer::Sockets() const {
  gofer::base::MutexLock lock(sockets_mu_);
  if (sockets_ != nullptr) return sockets_;
  return errors::Error(Reason::SHUTTING_DOWN,
                       "goferd is going down, or not up yet: try again");
}

absl::Status TicketIssuer::CheckSockets() const {
  const auto sockets = Sockets();
  return sockets.ok() ? (*sockets)->Check() : sockets.status();
}

absl::StatusOr<admin::AttachTicket> TicketIssuer::Issue(
    const model::ServerRecord& server, const admin::Connection& resource,
    absl::Duration ttl) {
  if (ttl == absl::ZeroDuration()) {
    ttl =
        translate::ToDuration(settings_.config().attach().default_ticket_ttl());
  }
  const absl::Time expire = absl::Now() + ttl;
  std::optional<admin::Peer> expected;
  if (resource.has_expected_peer()) expected = resource.expected_peer();
  auto secret =
      tickets_.Issue({server.id, names::IdOf(resource.name()), resource.uid()},
                     resource.attach_mode(), expected, expire);
  if (!secret.ok()) return secret.status();
  admin::AttachTicket ticket;
  ticket.set_ticket(*std::move(secret));
  ticket.set_attach_socket_path(settings_.config().attach().path());
  *ticket.mutable_expire_time() = translate::ToProto(expire);
  if (expected) *ticket.mutable_expected_peer() = *expected;
  return ticket;
}

absl::Status TicketIssuer::OpenSocket(admin::AttachTicket& ticket) {
  const auto sockets = Sockets();
  if (!sockets.ok()) return sockets.status();
  auto socket = (*sockets)->Open(ticket.ticket());
  if (!socket.ok()) return socket.status();
  ticket.set_attach_socket_path((*socket)->path());
  tickets_.Keep(tickets::TicketTable::HashOf(ticket.ticket()),
                *std::move(socket));
  ticket.clear_ticket();
  return absl::OkStatus();
}

void TicketIssuer::RestoreSockets() {
  const auto sockets = Sockets();
  if (!sockets.ok()) return;
  // Asked first: tickets that come later are of gofers of this run.
  const auto others = model_.all_imported()
                          ? tickets::ConnectionSockets::Others::kRemove
                          : tickets::ConnectionSockets::Others::kKeep;
  auto opened = (*sockets)->Reopen(tickets_.WithoutSocket(), others);
  for (auto& [sha256, socket] : opened) {
    tickets_.Keep(sha256, std::move(socket));
  }
}

}  // namespace goferd::supervisor
