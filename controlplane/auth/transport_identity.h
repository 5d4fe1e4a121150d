// TransportIdentity: carries the identity of a connection's peer from the
// listener to the calls.

#ifndef GOFERD_CONTROLPLANE_AUTH_TRANSPORT_IDENTITY_H_
#define GOFERD_CONTROLPLANE_AUTH_TRANSPORT_IDENTITY_H_

#include <grpcpp/security/auth_context.h>
#include <grpcpp/security/auth_metadata_processor.h>

#include <string>
#include <utility>
#include <vector>

#include "controlplane/auth/caller.h"
#include "controlplane/auth/role_book.h"
#include "server/base/mutex.h"

namespace goferd::auth {

// The caller that the properties of a connection stand for. Its role is looked
// up in `table`, so that a change of the roles file holds for existing
// connections.
Caller CallerOf(const grpc::AuthContext& context, const RoleTable& table);

// Is part of a listener's credentials. Gives every connection the listener's
// properties before its first call is seen, and refuses calls of gRPC's
// services (reflection, channelz) to callers without the role; calls of our
// services are checked, with better errors, by the service. Thread-safe.
class TransportIdentity : public grpc::AuthMetadataProcessor {
 public:
  using Properties = std::vector<std::pair<std::string, std::string>>;

  // `book` outlives the server.
  TransportIdentity(const RoleBook& book, Properties properties)
      : book_(book), properties_(std::move(properties)) {}

  // Properties of a peer of a UNIX socket.
  static Properties OfPeer(uid_t uid, gid_t gid);
  // Properties of a peer of a UNIX socket whose role is known, but not its ids.
  static Properties OfUnnamedPeer(Role role);
  // Properties of all peers of a plaintext port on loopback.
  static Properties OfLoopback(Role role);
  // A peer is known by its certificate: no properties are added.
  static Properties OfCertificate() { return {}; }

  // Replaces the properties; connections that have made a call keep the old.
  void SetProperties(Properties properties);

  bool IsBlocking() const override { return false; }
  grpc::Status Process(const InputMetadata& metadata,
                       grpc::AuthContext* context, OutputMetadata* consumed,
                       OutputMetadata* response) override;

 private:
  const RoleBook& book_;
  // The lock also keeps two first calls of one connection from adding
  // properties at once, which gRPC does not guard.
  gofer::base::Mutex mu_;
  Properties properties_ ABSL_GUARDED_BY(mu_);
};

}  // namespace goferd::auth

#endif  // GOFERD_CONTROLPLANE_AUTH_TRANSPORT_IDENTITY_H_
