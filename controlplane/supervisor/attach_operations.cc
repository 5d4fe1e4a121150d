#include "controlplane/supervisor/attach_operations.h"

#include <utility>

#include "controlplane/errors/error.h"
#include "controlplane/model/server_state.h"
#include "controlplane/supervisor/connection_stop.h"
#include "controlplane/tickets/attach_claim.h"
#include "goferd/state/v1/state.pb.h"
#include "goferd/worker/v1/frame.pb.h"

namespace goferd::supervisor {
namespace {

using errors::Reason;
using gofer::base::MutexLock;

}  // namespace

absl::Status AttachOperations::CheckTickets(
    const std::vector<std::string>& tickets,
    const gofer::uds::PeerCredentials& peer, admin::AttachMode mode) {
  if (absl::Status status = gofers::CheckRunning(context_); !status.ok())
    return status;
  return context_.tickets.Check(tickets, peer, mode, absl::Now());
}

absl::StatusOr<std::vector<tickets::AttachClaim>>
AttachOperations::ClaimTickets(const std::vector<std::string>& tickets,
                               const gofer::uds::PeerCredentials& peer,
                               admin::AttachMode mode) {
  if (absl::Status status = gofers::CheckRunning(context_); !status.ok())
    return status;
  return context_.tickets.Claim(tickets, peer, mode, absl::Now());
}

absl::Status AttachOperations::Attach(const tickets::AttachClaim& claim,
                                      gofer::base::UniqueFd gofer_end,
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
    auto& start = *ask.mutable_start_connection();
    start.set_uid(claim.connection_uid);
    state::v1::ConnectionState kept;
    *kept.mutable_connection() = record->resource;
    start.set_daemon_data(kept.SerializeAsString());
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
  StopConnectionsLater(context_, link, {claim.connection_uid},
                       worker::v1::END_REASON_ADMIN_STOP);
  return answer.status();
}

void AttachOperations::Abandon(const tickets::AttachClaim& claim,
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
  StopConnectionsLater(context_, server->link, {claim.connection_uid},
                       worker::v1::END_REASON_ADMIN_STOP);
}

void AttachOperations::SetSockets(
    std::shared_ptr<tickets::ConnectionSockets> sockets) {
  context_.SetSockets(std::move(sockets));
  issuer_.RestoreSockets();
}

}  // namespace goferd::supervisor
