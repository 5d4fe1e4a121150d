#include "controlplane/daemon/peer_acceptors.h"

#include <grpcpp/security/server_credentials.h>

#include "server/base/log.h"

namespace goferd::daemon {
namespace {

using auth::Role;
using auth::TransportIdentity;
using Type = grpc::ServerBuilder::experimental_type::ExternalConnectionType;

}  // namespace

PeerAcceptors::PeerAcceptors(grpc::ServerBuilder& builder,
                             const auth::RoleBook& book, size_t peers)
    : book_(book), kept_for_roles_(peers / 2) {
  for (const Role role :
       {Role::ROLE_UNSPECIFIED, Role::ROLE_VIEWER, Role::ROLE_OPERATOR,
        Role::ROLE_CHAOS, Role::ROLE_ADMIN}) {
    by_role_.emplace(role,
                     Make(builder, TransportIdentity::OfUnnamedPeer(role)));
  }
  gofer::base::MutexLock lock(mu_);
  for (size_t i = 0; i < peers; ++i) unused_.push_back(Make(builder, {}));
}

PeerAcceptors::Acceptor PeerAcceptors::Make(
    grpc::ServerBuilder& builder,
    TransportIdentity::Properties properties) const {
  Acceptor made;
  made.identity =
      std::make_shared<TransportIdentity>(book_, std::move(properties));
  auto credentials = grpc::experimental::LocalServerCredentials(UDS);
  credentials->SetAuthMetadataProcessor(made.identity);
  made.acceptor = builder.experimental().AddExternalConnectionAcceptor(
      Type::FROM_FD, std::move(credentials));
  return made;
}

PeerAcceptors::Acceptor& PeerAcceptors::For(
    const gofer::uds::PeerCredentials& peer) {
  const Role role = book_.table()->OfPeer(peer.uid, peer.gid);
  gofer::base::MutexLock lock(mu_);
  const auto known = by_ids_.find({peer.uid, peer.gid});
  if (known != by_ids_.end()) return known->second;
  const size_t kept = role == Role::ROLE_UNSPECIFIED ? kept_for_roles_ : 0;
  if (unused_.size() <= kept) {
    return by_role_.at(role);
  }
  unused_.back().identity->SetProperties(
      TransportIdentity::OfPeer(peer.uid, peer.gid));
  const auto added =
      by_ids_.emplace(Ids{peer.uid, peer.gid}, std::move(unused_.back()));
  unused_.pop_back();
  return added.first->second;
}

void PeerAcceptors::HandOver(gofer::base::UniqueFd socket,
                             const gofer::uds::PeerCredentials& peer) {
  gofer::base::Log().debug("admin connection: uid={} gid={} pid={}", peer.uid,
                           peer.gid, peer.pid);
  grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters
      parameters;
  parameters.fd = socket.release();
  For(peer).acceptor->HandleNewConnection(&parameters);
}

}  // namespace goferd::daemon
