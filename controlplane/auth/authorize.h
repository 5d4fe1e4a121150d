// Authorize: whether a caller may call a method.

#ifndef GOFERD_CONTROLPLANE_AUTH_AUTHORIZE_H_
#define GOFERD_CONTROLPLANE_AUTH_AUTHORIZE_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "controlplane/auth/caller.h"
#include "controlplane/auth/method_policy.h"

namespace goferd::auth {

// Returns OK, or ROLE_REQUIRED: UNAUTHENTICATED when `caller` has no role at
// all, PERMISSION_DENIED when its role is too low. A method without a policy
// (nullptr) is refused to everybody.
absl::Status Authorize(const Caller& caller, const MethodPolicy* policy);

}  // namespace goferd::auth

#endif  // GOFERD_CONTROLPLANE_AUTH_AUTHORIZE_H_
