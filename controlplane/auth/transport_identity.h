// TransportIdentity: what a connection knows of its peer, on the way from the
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

// The caller that the properties of a connection stand for. Roles are those of
// now: a change of the roles file holds for connections that are there.
Caller CallerOf(const grpc::AuthContext& context, const RoleTable& table);

// Sits in the credentials of a listener. Gives every connection the listener's
// properties before its first call is seen, and refuses calls to services that
// are not ours (reflection, channelz) to those without the role; calls to our
// own are checked, with better errors, by the service. Thread-safe.
class TransportIdentity : public grpc::AuthMetadataProcessor {
 public:
  using Properties = std::vector<std::pair<std::string, std::string>>;

  // `book` outlives the server.
  TransportIdentity(const RoleBook& book, Properties properties)
      : book_(book), properties_(std::move(properties)) {}

  // A peer of a UNIX socket.
  static Properties OfPeer(uid_t uid, gid_t gid);
  // Any peer of a UNIX socket that has `role`, when its ids got lost.
  static Properties OfUnnamedPeer(Role role);
  // Any peer of a plaintext port on loopback.
  static Properties OfLoopback(Role role);
  // A peer that is known by its certificate: nothing is added.
  static Properties OfCertificate() { return {}; }

  // Replaces the properties, for connections that have not made a call yet.
  void SetProperties(Properties properties);

  bool IsBlocking() const override { return false; }
  grpc::Status Process(const InputMetadata& metadata,
                       grpc::AuthContext* context, OutputMetadata* consumed,
                       OutputMetadata* response) override;

 private:
  const RoleBook& book_;
  // Also keeps two first calls of one connection from adding properties at
  // once, which gRPC does not guard.
  gofer::base::Mutex mu_;
  Properties properties_ ABSL_GUARDED_BY(mu_);
};

}  // namespace goferd::auth

#endif  // GOFERD_CONTROLPLANE_AUTH_TRANSPORT_IDENTITY_H_
