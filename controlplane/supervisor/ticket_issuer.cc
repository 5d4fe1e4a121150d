#include "controlplane/supervisor/ticket_issuer.h"

#include <memory>
#include <optional>
#include <utility>

#include "controlplane/errors/error.h"
#include "controlplane/translate/time_conversion.h"

namespace goferd::supervisor {
namespace {

using errors::Reason;

absl::StatusOr<std::shared_ptr<tickets::ConnectionSockets>> SocketsOf(
    const gofers::Context& context) {
  auto sockets = context.sockets();
  if (sockets != nullptr) return sockets;
  return errors::Error(Reason::SHUTTING_DOWN,
                       "goferd is going down, or not up yet: try again");
}

}  // namespace

absl::Status TicketIssuer::CheckSockets() const {
  const auto sockets = SocketsOf(context_);
  return sockets.ok() ? (*sockets)->Check() : sockets.status();
}

absl::StatusOr<admin::AttachTicket> TicketIssuer::Issue(
    const model::ServerRecord& server, const admin::Connection& resource,
    absl::Duration ttl) {
  if (ttl == absl::ZeroDuration()) {
    ttl = translate::ToDuration(context_.config.attach().default_ticket_ttl());
  }
  const absl::Time expire = absl::Now() + ttl;
  std::optional<admin::Peer> expected;
  if (resource.has_expected_peer()) expected = resource.expected_peer();
  auto secret = context_.tickets.Issue(
      {server.id, resource.name().substr(resource.name().rfind('/') + 1),
       resource.uid()},
      resource.attach_mode(), expected, expire);
  if (!secret.ok()) return secret.status();
  admin::AttachTicket ticket;
  ticket.set_ticket(*std::move(secret));
  ticket.set_attach_socket_path(context_.config.attach().path());
  *ticket.mutable_expire_time() = translate::ToProto(expire);
  if (expected) *ticket.mutable_expected_peer() = *expected;
  return ticket;
}

absl::Status TicketIssuer::OpenSocket(admin::AttachTicket& ticket) {
  const auto sockets = SocketsOf(context_);
  if (!sockets.ok()) return sockets.status();
  auto socket = (*sockets)->Open(ticket.ticket());
  if (!socket.ok()) return socket.status();
  ticket.set_attach_socket_path((*socket)->path());
  context_.tickets.Keep(tickets::TicketTable::HashOf(ticket.ticket()),
                        *std::move(socket));
  ticket.clear_ticket();
  return absl::OkStatus();
}

void TicketIssuer::RestoreSockets() {
  const auto sockets = context_.sockets();
  if (sockets == nullptr) return;
  // Asked first: tickets that come later are of gofers of this run.
  const auto others = context_.adopted
                          ? tickets::ConnectionSockets::Others::kRemove
                          : tickets::ConnectionSockets::Others::kKeep;
  auto opened = sockets->Reopen(context_.tickets.WithoutSocket(), others);
  for (auto& [sha256, socket] : opened) {
    context_.tickets.Keep(sha256, std::move(socket));
  }
}

}  // namespace goferd::supervisor
