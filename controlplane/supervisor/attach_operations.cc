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
using model::ModelLock;

}  // namespace

absl::Status AttachOperations::CheckTickets(
    const std::vector<std::string>& tickets,
    const gofer::uds::PeerCredentials& peer, admin::AttachMode mode) {
  if (absl::Status status = threads_.CheckRunning(); !status.ok())
    return status;
  return tickets_.Check(tickets, peer, mode, absl::Now());
}

absl::StatusOr<std::vector<tickets::AttachClaim>>
AttachOperations::ClaimTickets(const std::vector<std::string>& tickets,
                               const gofer::uds::PeerCredentials& peer,
                               admin::AttachMode mode) {
  if (absl::Status status = threads_.CheckRunning(); !status.ok())
    return status;
  return tickets_.Claim(tickets, peer, mode, absl::Now());
}

absl::Status AttachOperations::Attach(const tickets::AttachClaim& claim,
                                      gofer::base::UniqueFd gofer_end,
                                      const gofer::uds::PeerCredentials& peer) {
  std::shared_ptr<link::GoferLink> link;
  worker::v1::ToGofer ask;
  {
    const ModelLock lock(model_);
    const model::ServerPtr server = model_.Find(lock, claim.server_id);
    model::ConnectionRecord* const record =
        server == nullptr ? nullptr
                          : model_.FindConnection(lock, server->record(lock),
                                                  claim.connection_uid);
    if (record == nullptr || record->attaching ||
        record->resource.state() != admin::Connection::PENDING_ATTACH) {
      return errors::Error(Reason::CONNECTION_NOT_PENDING,
                           "the connection is not pending any more: start "
                           "another one");
    }
    if (server->record(lock).link.current == nullptr) {
      // Its ticket is used up: nobody else could attach it.
      absl::Status unreachable = model::Unreachable(server->record(lock));
      model_.End(lock, server->record(lock), *record,
                 admin::Connection::INTERNAL_ERROR, unreachable.message(),
                 settings_.ended_retention());
      return unreachable;
    }
    record->attaching = true;
    admin::Peer& attached = *record->resource.mutable_attached_peer();
    attached.set_uid(peer.uid);
    attached.set_gid(peer.gid);
    attached.set_pid(peer.pid);
    link = server->record(lock).link.current;
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
    const ModelLock lock(model_);
    const model::ServerPtr server = model_.Find(lock, claim.server_id);
    model::ConnectionRecord* const record =
        server == nullptr ? nullptr
                          : model_.FindConnection(lock, server->record(lock),
                                                  claim.connection_uid);
    if (record != nullptr) {
      model_.End(lock, server->record(lock), *record,
                 admin::Connection::INTERNAL_ERROR,
                 std::string(answer.status().message()),
                 settings_.ended_retention());
    }
  }
  StopConnectionsLater(threads_.pool(), link, {claim.connection_uid},
                       worker::v1::END_REASON_ADMIN_STOP);
  return answer.status();
}

void AttachOperations::Abandon(const tickets::AttachClaim& claim,
                               absl::string_view why) {
  const ModelLock lock(model_);
  const model::ServerPtr server = model_.Find(lock, claim.server_id);
  model::ConnectionRecord* const record =
      server == nullptr ? nullptr
                        : model_.FindConnection(lock, server->record(lock),
                                                claim.connection_uid);
  if (record == nullptr || record->attaching ||
      record->resource.state() != admin::Connection::PENDING_ATTACH) {
    return;
  }
  model_.End(lock, server->record(lock), *record,
             admin::Connection::INTERNAL_ERROR, why,
             settings_.ended_retention());
  StopConnectionsLater(threads_.pool(), server->record(lock).link.current,
                       {claim.connection_uid},
                       worker::v1::END_REASON_ADMIN_STOP);
}

void AttachOperations::SetSockets(
    std::shared_ptr<tickets::ConnectionSockets> sockets) {
  issuer_.SetSockets(std::move(sockets));
  issuer_.RestoreSockets();
}

}  // namespace goferd::supervisor
