#include "controlplane/auth/authorize.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "controlplane/auth/role_table.h"
#include "controlplane/errors/error.h"

namespace goferd::auth {
namespace {

std::string Described(const Caller& caller) {
  return caller.name.empty() ? "the caller is not known"
                             : absl::StrCat(caller.name, " has the role ",
                                            RoleName(caller.role));
}

}  // namespace

absl::Status Authorize(const Caller& caller, const MethodPolicy* policy) {
  if (policy == nullptr) {
    return errors::Error(errors::Reason::ROLE_REQUIRED,
                         "nobody may call this method");
  }
  if (policy->needed == Role::ROLE_UNSPECIFIED ||
      Reaches(caller.role, policy->needed)) {
    return absl::OkStatus();
  }
  const std::string text =
      absl::StrCat(Described(caller), "; this method needs ",
                   RoleName(policy->needed), ": see the roles file of goferd");
  const errors::Metadata metadata = {
      {"role", config::v1::Role_Name(policy->needed)}};
  if (caller.role == Role::ROLE_UNSPECIFIED) {
    return errors::NoIdentity(text, metadata);
  }
  return errors::Error(errors::Reason::ROLE_REQUIRED, text, metadata);
}

}  // namespace goferd::auth
