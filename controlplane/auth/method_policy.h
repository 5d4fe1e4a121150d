// MethodPolicy: what a caller needs for each method, as rows of data.

#ifndef GOFERD_CONTROLPLANE_AUTH_METHOD_POLICY_H_
#define GOFERD_CONTROLPLANE_AUTH_METHOD_POLICY_H_

#include <span>

#include "absl/strings/string_view.h"
#include "controlplane/auth/caller.h"

namespace goferd::auth {

// Mutations are audited, and refused while goferd goes down.
enum class Kind { kRead, kMutation };

// Where the body runs: on gRPC's own thread, if it never waits for anything,
// or on the executor.
enum class Runs { kInline, kOnExecutor };

struct MethodPolicy {
  // The name as gRPC writes it: "/", the service's full name, "/", the
  // method's.
  absl::string_view method;
  // With ROLE_UNSPECIFIED anybody may call it, known or not.
  Role needed;
  Kind kind;
  Runs runs;

  // The method's name without its service, such as "CreateServer".
  absl::string_view short_name() const {
    return method.substr(method.rfind('/') + 1);
  }
};

// Finds the row of a name that comes from gRPC; methods.h has the rows of the
// admin API. Returns null for a method without a row, which must be refused.
const MethodPolicy* FindMethodPolicy(absl::string_view method);

// All rows.
std::span<const MethodPolicy> MethodPolicies();

}  // namespace goferd::auth

#endif  // GOFERD_CONTROLPLANE_AUTH_METHOD_POLICY_H_
