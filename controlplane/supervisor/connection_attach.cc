// ConnectionOperations' part that brings clients and gofers together.

#include <algorithm>
#include <optional>
#include <utility>

#include "controlplane/errors/error.h"
#include "controlplane/model/server_state.h"
#include "controlplane/supervisor/connection_operations.h"
#include "controlplane/translate/time_conversion.h"
#include "goferd/state/v1/state.pb.h"
#include "goferd/worker/v1/frame.pb.h"

namespace goferd::supervisor {
namespace {

using errors::Reason;
using gofer::base::MutexLock;

absl::StatusOr<std::shared_ptr<tickets::ConnectionSockets>> SocketsOf(
    const gofers::Context& context) {
  auto sockets = context.sockets();
  if (sockets != nullptr) return sockets;
  return errors::Error(Reason::SHUTTING_DOWN,
                       "goferd is going down, or not up yet: try again");
}

}  // namespace

absl::Status ConnectionOperations::CheckModes(
    const std::vector<ConnectionSpec>& specs) const {
  const bool listen =
      std::any_of(specs.begin(), specs.end(), [](const ConnectionSpec& spec) {
        return spec.attach_mode == admin::ATTACH_MODE_LISTEN;
      });
  if (!listen) return absl::OkStatus();
  const auto sockets = SocketsOf(context_);
  return sockets.ok() ? (*sockets)->Check() : sockets.status();
}

absl::StatusOr<admin::AttachTicket> ConnectionOperations::Issue(
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

absl::Status ConnectionOperations::OpenSockets(std::vector<Making>& making) {
  for (Making& one : making) {
    if (one.attach_mode != admin::ATTACH_MODE_LISTEN) continue;
    absl::Status opened = OpenSocket(one.ticket);
    if (!opened.ok()) return opened;
  }
  return absl::OkStatus();
}

absl::Status ConnectionOperations::OpenSocket(admin::AttachTicket& ticket) {
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

void ConnectionOperations::RestoreSockets() {
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

absl::Status ConnectionOperations::CheckTickets(
    const std::vector<std::string>& tickets,
    const gofer::uds::PeerCredentials& peer, admin::AttachMode mode) const {
  if (absl::Status status = gofers::CheckRunning(context_); !status.ok())
    return status;
  return context_.tickets.Check(tickets, peer, mode, absl::Now());
}

absl::StatusOr<std::vector<tickets::AttachClaim>>
ConnectionOperations::ClaimTickets(const std::vector<std::string>& tickets,
                                   const gofer::uds::PeerCredentials& peer,
                                   admin::AttachMode mode) {
  if (absl::Status status = gofers::CheckRunning(context_); !status.ok())
    return status;
  return context_.tickets.Claim(tickets, peer, mode, absl::Now());
}

absl::Status ConnectionOperations::Attach(
    const tickets::AttachClaim& claim, gofer::base::UniqueFd gofer_end,
    const gofer::uds::PeerCredentials& peer) {
  std::shared_ptr<link::GoferLink> link;
  worker::v1::ToGofer ask;
  {
    MutexLock lock(context_.model.mu);
    const model::Model::ServerPtr server = context_.model.Find(claim.server_id);
    model::ConnectionRecord* const record =
        server == nullptr
            ? nullptr
            : context_.model.FindConnection(*server, claim.connection_uid);
    if (record == nullptr || record->attaching ||
        record->resource.state() != admin::Connection::PENDING_ATTACH) {
      return errors::Error(Reason::CONNECTION_NOT_PENDING,
                           "the connection is not pending any more: start "
                           "another one");
    }
    if (server->link == nullptr) {
      // Its ticket is used up: nobody else could attach it.
      absl::Status unreachable = model::Unreachable(*server);
      context_.model.End(*server, *record, admin::Connection::INTERNAL_ERROR,
                         unreachable.message(), context_.ended_retention());
      return unreachable;
    }
    record->attaching = true;
    admin::Peer& attached = *record->resource.mutable_attached_peer();
    attached.set_uid(peer.uid);
    attached.set_gid(peer.gid);
    attached.set_pid(peer.pid);
    link = server->link;
    auto& attach = *ask.mutable_attach_connection();
    attach.set_uid(claim.connection_uid);
    state::v1::ConnectionState kept;
    *kept.mutable_connection() = record->resource;
    attach.set_daemon_data(kept.SerializeAsString());
  }
  const int fd = gofer_end.get();
  const auto answer = link->Ask(std::move(ask), {&fd, 1});
  if (answer.ok()) return absl::OkStatus();
  {
    MutexLock lock(context_.model.mu);
    const model::Model::ServerPtr server = context_.model.Find(claim.server_id);
    model::ConnectionRecord* const record =
        server == nullptr
            ? nullptr
            : context_.model.FindConnection(*server, claim.connection_uid);
    if (record != nullptr) {
      context_.model.End(*server, *record, admin::Connection::INTERNAL_ERROR,
                         std::string(answer.status().message()),
                         context_.ended_retention());
    }
  }
  StopLater(link, {claim.connection_uid}, worker::v1::END_REASON_ADMIN_STOP);
  return answer.status();
}

void ConnectionOperations::Abandon(const tickets::AttachClaim& claim,
                                   absl::string_view why) {
  MutexLock lock(context_.model.mu);
  const model::Model::ServerPtr server = context_.model.Find(claim.server_id);
  model::ConnectionRecord* const record =
      server == nullptr
          ? nullptr
          : context_.model.FindConnection(*server, claim.connection_uid);
  if (record == nullptr || record->attaching ||
      record->resource.state() != admin::Connection::PENDING_ATTACH) {
    return;
  }
  context_.model.End(*server, *record, admin::Connection::INTERNAL_ERROR, why,
                     context_.ended_retention());
  StopLater(server->link, {claim.connection_uid},
            worker::v1::END_REASON_ADMIN_STOP);
}

}  // namespace goferd::supervisor
