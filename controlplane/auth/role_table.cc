#include "controlplane/auth/role_table.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace goferd::auth {
namespace {

using config::v1::RoleBinding;

template <typename Map, typename Key>
Role Find(const Map& map, const Key& key) {
  const auto it = map.find(key);
  return it == map.end() ? Role::ROLE_UNSPECIFIED : it->second;
}

template <typename Map, typename Key>
void Raise(Map& map, const Key& key, Role role) {
  Role& present = map[key];
  present = std::max(present, role);
}

// Describes the fault of `binding`; returns an empty string when it has none.
std::string FaultOf(const RoleBinding& binding) {
  if (!config::v1::Role_IsValid(binding.role()) ||
      binding.role() == Role::ROLE_UNSPECIFIED) {
    return "role: choose ROLE_VIEWER, ROLE_OPERATOR, ROLE_CHAOS or ROLE_ADMIN";
  }
  switch (binding.subject_case()) {
    case RoleBinding::SUBJECT_NOT_SET:
      return "set uid, gid, spiffe_id or dns_name";
    case RoleBinding::kSpiffeId:
      return absl::StartsWith(binding.spiffe_id(), "spiffe://")
                 ? ""
                 : "spiffe_id: must begin with spiffe://";
    case RoleBinding::kDnsName:
      return binding.dns_name().empty() ? "dns_name: must not be empty" : "";
    default:
      return "";
  }
}

}  // namespace

absl::string_view RoleName(Role role) {
  switch (role) {
    case Role::ROLE_VIEWER:
      return "viewer";
    case Role::ROLE_OPERATOR:
      return "operator";
    case Role::ROLE_CHAOS:
      return "chaos";
    case Role::ROLE_ADMIN:
      return "admin";
    default:
      return "none";
  }
}

RoleTable RoleTable::OnlyUser(uid_t uid) {
  RoleTable table;
  table.uids_[uid] = Role::ROLE_ADMIN;
  return table;
}

absl::StatusOr<RoleTable> RoleTable::FromBindings(
    const config::v1::RoleBindings& bindings) {
  RoleTable table;
  std::vector<std::string> faults;
  for (int i = 0; i < bindings.bindings_size(); ++i) {
    const std::string fault = FaultOf(bindings.bindings(i));
    if (!fault.empty()) {
      faults.push_back(absl::StrCat("bindings[", i, "].", fault));
    }
    table.Bind(bindings.bindings(i));
  }
  if (faults.empty()) return table;
  return absl::InvalidArgumentError(absl::StrJoin(faults, "\n"));
}

void RoleTable::Bind(const RoleBinding& binding) {
  switch (binding.subject_case()) {
    case RoleBinding::kUid:
      return Raise(uids_, binding.uid(), binding.role());
    case RoleBinding::kGid:
      return Raise(gids_, binding.gid(), binding.role());
    case RoleBinding::kSpiffeId:
      return Raise(spiffe_ids_, binding.spiffe_id(), binding.role());
    case RoleBinding::kDnsName:
      return Raise(dns_names_, absl::AsciiStrToLower(binding.dns_name()),
                   binding.role());
    case RoleBinding::SUBJECT_NOT_SET:
      return;
  }
}

Role RoleTable::OfPeer(uid_t uid, gid_t gid) const {
  return std::max(Find(uids_, uid), Find(gids_, gid));
}

Role RoleTable::OfSpiffeId(absl::string_view id) const {
  return Find(spiffe_ids_, std::string(id));
}

Role RoleTable::OfDnsName(absl::string_view name) const {
  return Find(dns_names_, absl::AsciiStrToLower(name));
}

}  // namespace goferd::auth
