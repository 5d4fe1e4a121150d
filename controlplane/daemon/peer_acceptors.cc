#include "controlplane/daemon/peer_acceptors.h"

#include <grpcpp/security/server_credentials.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstdint>

#include "server/base/brief_closes.h"
#include "server/base/log.h"

namespace goferd::daemon {
namespace {

using auth::Role;
using auth::TransportIdentity;
using Type = grpc::ServerBuilder::experimental_type::ExternalConnectionType;

gofer::base::RateLimit refusals(10'000'000'000);

// Whether gRPC or the peer has closed the socket or shut it down.
bool HasEnded(int socket) {
  pollfd entry = {socket, 0, 0};
  return ::poll(&entry, 1, 0) == 1;
}

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
  table_ = book_.table();
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

PeerAcceptors::Table PeerAcceptors::CheckRoles() {
  const Table table = book_.table();
  if (table == table_) return table;
  for (const gofer::base::UniqueFd& socket : sockets_by_role_) {
    ::shutdown(socket.get(), SHUT_RDWR);
  }
  sockets_by_role_.clear();
  table_ = table;
  return table;
}

void PeerAcceptors::RolesMayHaveChanged() {
  const gofer::base::BriefCloses brief;
  gofer::base::MutexLock lock(mu_);
  CheckRoles();
}

PeerAcceptors::Acceptor* PeerAcceptors::ByRole(Role role, int socket) {
  std::erase_if(sockets_by_role_, [](const gofer::base::UniqueFd& one) {
    return HasEnded(one.get());
  });
  auto copy = gofer::base::DupFd(socket);
  if (sockets_by_role_.size() < kMostByRole && copy.ok()) {
    sockets_by_role_.push_back(std::move(*copy));
    return &by_role_.at(role);
  }
  uint64_t suppressed = 0;
  if (refusals.Allow(&suppressed)) {
    gofer::base::Log().warn(
        "an admin connection is refused: there are too many users ({} more "
        "before)",
        suppressed);
  }
  return nullptr;
}

PeerAcceptors::Acceptor* PeerAcceptors::For(
    const gofer::uds::PeerCredentials& peer, int socket) {
  gofer::base::MutexLock lock(mu_);
  const Role role = CheckRoles()->OfPeer(peer.uid, peer.gid);
  const auto known = by_ids_.find({peer.uid, peer.gid});
  if (known != by_ids_.end()) return &known->second;
  const size_t kept = role == Role::ROLE_UNSPECIFIED ? kept_for_roles_ : 0;
  if (unused_.size() <= kept) return ByRole(role, socket);
  unused_.back().identity->SetProperties(
      TransportIdentity::OfPeer(peer.uid, peer.gid));
  const auto added =
      by_ids_.emplace(Ids{peer.uid, peer.gid}, std::move(unused_.back()));
  unused_.pop_back();
  return &added.first->second;
}

void PeerAcceptors::HandOver(gofer::base::UniqueFd socket,
                             const gofer::uds::PeerCredentials& peer) {
  gofer::base::Log().debug("admin connection: uid={} gid={} pid={}", peer.uid,
                           peer.gid, peer.pid);
  const gofer::base::BriefCloses brief;
  Acceptor* const acceptor = For(peer, socket.get());
  if (acceptor == nullptr) {
    socket.reset();
    return;
  }
  grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters
      parameters;
  parameters.fd = socket.release();
  acceptor->acceptor->HandleNewConnection(&parameters);
}

}  // namespace goferd::daemon
