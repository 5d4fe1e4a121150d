// ShareOf: how much of something shared a role may take.

#ifndef GOFERD_CONTROLPLANE_SERVICE_ROLE_SHARE_H_
#define GOFERD_CONTROLPLANE_SERVICE_ROLE_SHARE_H_

#include <algorithm>
#include <cstddef>

#include "controlplane/auth/caller.h"

namespace goferd::service {

// How much of `whole` may be taken, by whomever, when a caller of `role` takes
// more of it: whoever has a lower role leaves room for those with a higher one.
inline size_t ShareOf(auth::Role role, size_t whole) {
  switch (role) {
    case auth::Role::ROLE_ADMIN:
      return whole;
    case auth::Role::ROLE_CHAOS:
    case auth::Role::ROLE_OPERATOR:
      return std::max<size_t>(whole * 3 / 4, 1);
    default:
      return std::max<size_t>(whole / 2, 1);
  }
}

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_ROLE_SHARE_H_
