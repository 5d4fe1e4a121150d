// RoleTable: who may do what, as the roles file says.

#ifndef GOFERD_CONTROLPLANE_AUTH_ROLE_TABLE_H_
#define GOFERD_CONTROLPLANE_AUTH_ROLE_TABLE_H_

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "controlplane/auth/caller.h"
#include "goferd/config/v1/role_bindings.pb.h"

namespace goferd::auth {

// The word for a role in texts: "viewer", "operator", "chaos" or "admin", and
// "none" for ROLE_UNSPECIFIED and unknown values.
absl::string_view RoleName(Role role);

// Whether a caller that has `has` may call a method that needs `needed`.
inline bool Reaches(Role has, Role needed) {
  return static_cast<int>(has) >= static_cast<int>(needed);
}

// Subjects and their roles. A subject has the highest of the roles bound to it.
// A value; immutable once made.
class RoleTable {
 public:
  // Makes a table in which `uid` is ROLE_ADMIN and nobody else has a role.
  static RoleTable OnlyUser(uid_t uid);
  // Errors: INVALID_ARGUMENT with a line for each binding that has a fault.
  static absl::StatusOr<RoleTable> FromBindings(
      const config::v1::RoleBindings& bindings);

  // Each returns ROLE_UNSPECIFIED for a subject that is not bound.
  Role OfPeer(uid_t uid, gid_t gid) const;
  Role OfSpiffeId(absl::string_view id) const;
  Role OfDnsName(absl::string_view name) const;

  size_t size() const {
    return uids_.size() + gids_.size() + spiffe_ids_.size() + dns_names_.size();
  }

 private:
  void Bind(const config::v1::RoleBinding& binding);

  std::map<uint32_t, Role> uids_;
  std::map<uint32_t, Role> gids_;
  std::map<std::string, Role> spiffe_ids_;
  std::map<std::string, Role> dns_names_;
};

}  // namespace goferd::auth

#endif  // GOFERD_CONTROLPLANE_AUTH_ROLE_TABLE_H_
