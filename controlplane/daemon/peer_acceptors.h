// PeerAcceptors: hands accepted UNIX sockets to gRPC, with the ids of the peer.

#ifndef GOFERD_CONTROLPLANE_DAEMON_PEER_ACCEPTORS_H_
#define GOFERD_CONTROLPLANE_DAEMON_PEER_ACCEPTORS_H_

#include <grpcpp/server_builder.h>
#include <sys/types.h>

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "controlplane/auth/role_book.h"
#include "controlplane/auth/transport_identity.h"
#include "server/base/mutex.h"
#include "server/base/unique_fd.h"
#include "server/uds/peer_credentials.h"

namespace goferd::daemon {

// The calls of a handed-over socket learn from gRPC 1.51 only which acceptor
// took it, and acceptors are made before the server starts. So their number is
// fixed, and each is given to the first peer that comes with another user and
// group. When none is left, a peer gets an acceptor by its role, and the audit
// does not know its ids. Such a connection keeps the role that it came with,
// and so it ends when the roles change. Thread-safe.
class PeerAcceptors {
 public:
  static constexpr size_t kDefaultPeers = 64;
  // Connections by role at once; further connections are closed.
  static constexpr size_t kMostByRole = 256;

  // Adds the acceptors to `builder`. `book` outlives the server.
  PeerAcceptors(grpc::ServerBuilder& builder, const auth::RoleBook& book,
                size_t peers = kDefaultPeers);
  PeerAcceptors(const PeerAcceptors&) = delete;
  PeerAcceptors& operator=(const PeerAcceptors&) = delete;

  // Takes a connected, non-blocking socket, and closes it when the server does
  // not run.
  void HandOver(gofer::base::UniqueFd socket,
                const gofer::uds::PeerCredentials& peer);
  // Ends the connections by role when the role table has changed.
  void RolesMayHaveChanged();

 private:
  struct Acceptor {
    std::shared_ptr<auth::TransportIdentity> identity;
    std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor;
  };
  using Ids = std::pair<uid_t, gid_t>;

  Acceptor Make(grpc::ServerBuilder& builder,
                auth::TransportIdentity::Properties properties) const;
  using Table = std::shared_ptr<const auth::RoleTable>;
  // Returns null when there are too many connections by role.
  Acceptor* For(const gofer::uds::PeerCredentials& peer, int socket);
  Acceptor* ByRole(auth::Role role, int socket)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  Table CheckRoles() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const auth::RoleBook& book_;
  // Peers without a role must leave so many acceptors for peers with one.
  const size_t kept_for_roles_;
  // Acceptors for peers for whom no acceptor of their own was left.
  std::map<auth::Role, Acceptor> by_role_;
  gofer::base::Mutex mu_;
  std::vector<Acceptor> unused_ ABSL_GUARDED_BY(mu_);
  std::map<Ids, Acceptor> by_ids_ ABSL_GUARDED_BY(mu_);
  // Duplicates of the sockets of the connections by role, to end them with.
  std::vector<gofer::base::UniqueFd> sockets_by_role_ ABSL_GUARDED_BY(mu_);
  // The table from which their roles come.
  Table table_ ABSL_GUARDED_BY(mu_);
};

}  // namespace goferd::daemon

#endif  // GOFERD_CONTROLPLANE_DAEMON_PEER_ACCEPTORS_H_
