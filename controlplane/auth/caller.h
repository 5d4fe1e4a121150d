// Caller: who makes an admin call, and what they may do.

#ifndef GOFERD_CONTROLPLANE_AUTH_CALLER_H_
#define GOFERD_CONTROLPLANE_AUTH_CALLER_H_

#include <string>

#include "goferd/config/v1/role_bindings.pb.h"

namespace goferd::auth {

using Role = config::v1::Role;

// A caller as the transport vouches for it; nothing in it is the caller's
// claim.
struct Caller {
  // For audit: "uid=0 gid=0 pid=12", "spiffe://example.org/x",
  // "dns:ci.example". Empty when unknown.
  std::string name;
  // With ROLE_UNSPECIFIED the caller may do nothing.
  Role role = Role::ROLE_UNSPECIFIED;
};

}  // namespace goferd::auth

#endif  // GOFERD_CONTROLPLANE_AUTH_CALLER_H_
