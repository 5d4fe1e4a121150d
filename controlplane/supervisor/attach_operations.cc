#include "controlplane/supervisor/attach_operations.h"

#include <utility>

#include "controlplane/errors/error.h"
#include "controlplane/model/server_state.h"
#include "controlplane/supervisor/connection_stop.h"
#include "controlplane/tickets/attach_claim.h"
#include "goferd/state/v1/state.pb.h"

namespace goferd::supervisor {
namespace {

using errors::Reason;
using model::ModelLock;

void SetPeer(const gofer::uds::PeerCredentials& peer, admin::Peer& attached) {
  attached.set_uid(peer.uid);
  attached.set_gid(peer.gid);
  attached.set_pid(peer.pid);
}

worker::v1::ToGofer MakeRequest(const tickets::AttachClaim& claim,
                                const admin::Connection& resource,
                                const state::v1::RequestKey& made_by) {
  state::v1::ConnectionState kept;
  *kept.mutable_connection() = resource;
  if (!made_by.request_id().empty()) *kept.mutable_request() = made_by;
  worker::v1::ToGofer request;
  auto& attach = *request.mutable_attach_connection();
  attach.set_uid(claim.connection_uid);
  attach.set_daemon_data(kept.SerializeAsString());
  return request;
}

}  // namespace

absl::Status AttachOperations::CheckTickets(
    const std::vector<std::string>& tickets,
    const gofer::uds::PeerCredentials& peer, admin::AttachMode mode) {
  if (absl::Status status = threads_.CheckRunning(); !status.ok()) {
    return status;
  }
  return tickets_.Check(tickets, peer, mode, absl::Now());
}

absl::StatusOr<std::vector<tickets::AttachClaim>>
AttachOperations::ClaimTickets(const std::vector<std::string>& tickets,
                               const gofer::uds::PeerCredentials& peer,
                               admin::AttachMode mode) {
  if (absl::Status status = threads_.CheckRunning(); !status.ok()) {
    return status;
  }
  return tickets_.Claim(tickets, peer, mode, absl::Now());
}

absl::Status AttachOperations::Attach(const tickets::AttachClaim& claim,
                                      gofer::base::UniqueFd gofer_end,
                                      const gofer::uds::PeerCredentials& peer) {
  auto attaching = BeginAttach(claim, peer);
  if (!attaching.ok()) return attaching.status();
  const int fd = gofer_end.get();
  const auto answer =
      attaching->link->Ask(std::move(attaching->request), {&fd, 1});
  if (answer.ok()) return absl::OkStatus();
  GiveUp(*attaching, claim, answer.status());
  return answer.status();
}

absl::StatusOr<AttachOperations::Attaching> AttachOperations::BeginAttach(
    const tickets::AttachClaim& claim,
    const gofer::uds::PeerCredentials& peer) {
  const ModelLock lock(model_);
  const Pending pending = FindPending(lock, claim);
  if (pending.connection == nullptr) {
    return errors::Error(Reason::CONNECTION_NOT_PENDING,
                         "the connection is not pending any more: start "
                         "another one");
  }
  model::ServerRecord& server = pending.server->record(lock);
  if (server.link.current == nullptr) {
    // Its ticket is used up: nobody else could attach it.
    absl::Status unreachable = model::Unreachable(server);
    model_.End(lock, server, *pending.connection,
               admin::Connection::INTERNAL_ERROR, unreachable.message(),
               settings_.ended_retention());
    return unreachable;
  }
  pending.connection->attaching = true;
  admin::Connection& resource = pending.connection->resource;
  SetPeer(peer, *resource.mutable_attached_peer());
  return Attaching{pending.server, server.link.current,
                   MakeRequest(claim, resource, pending.connection->request)};
}

void AttachOperations::GiveUp(const Attaching& attaching,
                              const tickets::AttachClaim& claim,
                              const absl::Status& why) {
  {
    const ModelLock lock(model_);
    model::ServerRecord& server = attaching.server->record(lock);
    // The gofer may have ended meanwhile, and the connection with it.
    model::ConnectionRecord* const connection =
        model_.FindConnection(lock, server, claim.connection_uid);
    if (connection != nullptr) {
      model_.End(lock, server, *connection, admin::Connection::INTERNAL_ERROR,
                 why.message(), settings_.ended_retention());
    }
  }
  StopConnectionsLater(threads_.pool(), attaching.link, {claim.connection_uid},
                       worker::v1::END_REASON_ADMIN_STOP);
}

void AttachOperations::Abandon(const tickets::AttachClaim& claim,
                               absl::string_view why) {
  const ModelLock lock(model_);
  const Pending pending = FindPending(lock, claim);
  if (pending.connection == nullptr) return;
  End(lock, pending.server->record(lock), *pending.connection, why);
}

void AttachOperations::TakeBack(const tickets::AttachClaim& claim,
                                absl::string_view why) {
  const ModelLock lock(model_);
  const model::ServerPtr server = model_.Find(lock, claim.server_id);
  if (server == nullptr) return;
  model::ConnectionRecord* const connection =
      model_.FindConnection(lock, server->record(lock), claim.connection_uid);
  if (connection == nullptr || model::HasEnded(connection->resource.state())) {
    return;
  }
  End(lock, server->record(lock), *connection, why);
}

void AttachOperations::End(const ModelLock& lock, model::ServerRecord& server,
                           model::ConnectionRecord& connection,
                           absl::string_view why) {
  const std::string uid = connection.resource.uid();
  model_.End(lock, server, connection, admin::Connection::INTERNAL_ERROR, why,
             settings_.ended_retention());
  StopConnectionsLater(threads_.pool(), server.link.current, {uid},
                       worker::v1::END_REASON_ADMIN_STOP);
}

AttachOperations::Pending AttachOperations::FindPending(
    const ModelLock& lock, const tickets::AttachClaim& claim) const {
  model::ServerPtr server = model_.Find(lock, claim.server_id);
  if (server == nullptr) return {};
  model::ConnectionRecord* const connection =
      model_.FindConnection(lock, server->record(lock), claim.connection_uid);
  if (connection == nullptr || !connection->waits_for_client()) return {};
  return {std::move(server), connection};
}

void AttachOperations::SetSockets(
    std::shared_ptr<tickets::ConnectionSockets> sockets) {
  issuer_.SetSockets(std::move(sockets));
  issuer_.RestoreSockets();
}

}  // namespace goferd::supervisor
