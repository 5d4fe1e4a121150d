// Caller: who makes an admin call, and what they may do.

#ifndef GOFERD_CONTROLPLANE_AUTH_CALLER_H_
#define GOFERD_CONTROLPLANE_AUTH_CALLER_H_

#include <string>

#include "goferd/config/v1/role_bindings.pb.h"

namespace goferd::auth {

using Role = config::v1::Role;

// As far as the transport vouches for it.
struct Caller {
  // For audit: "uid=0 gid=0 pid=12", "spiffe://example.org/x",
  // "dns:ci.example". Empty when unknown.
  std::string name;
  // ROLE_UNSPECIFIED: nothing may be done.
  Role role = Role::ROLE_UNSPECIFIED;
};

}  // namespace goferd::auth

#endif  // GOFERD_CONTROLPLANE_AUTH_CALLER_H_
