#include "controlplane/auth/transport_identity.h"

#include <grpc/grpc_security_constants.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "controlplane/auth/authorize.h"
#include "controlplane/auth/method_policy.h"

namespace goferd::auth {
namespace {

// A certificate cannot forge these properties: gRPC gives everything that it
// takes from a certificate its own names.
constexpr char kUid[] = "goferd-uid";
constexpr char kGid[] = "goferd-gid";
constexpr char kRole[] = "goferd-role";
constexpr char kName[] = "goferd-name";
constexpr char kSeen[] = "goferd-seen";
constexpr char kOwnServices[] = "/goferd.admin.v1.";

std::vector<std::string> ValuesOf(const grpc::AuthContext& context,
                                  const char* name) {
  std::vector<std::string> values;
  for (const grpc::string_ref& value : context.FindPropertyValues(name)) {
    values.emplace_back(value.data(), value.size());
  }
  return values;
}

// The property's only value; empty when it has no value, or several.
std::string ValueOf(const grpc::AuthContext& context, const char* name) {
  const std::vector<std::string> values = ValuesOf(context, name);
  return values.size() == 1 ? values.front() : "";
}

Caller CertificateCaller(const grpc::AuthContext& context,
                         const RoleTable& table) {
  Caller caller;
  const std::string spiffe_id =
      ValueOf(context, GRPC_PEER_SPIFFE_ID_PROPERTY_NAME);
  if (!spiffe_id.empty()) {
    caller = {spiffe_id, table.OfSpiffeId(spiffe_id)};
  }
  for (const std::string& name :
       ValuesOf(context, GRPC_PEER_DNS_PROPERTY_NAME)) {
    const Role role = table.OfDnsName(name);
    const bool is_better = !Reaches(caller.role, role);
    if (caller.name.empty() || (is_better && spiffe_id.empty())) {
      caller.name = absl::StrCat("dns:", name);
    }
    caller.role = std::max(caller.role, role);
  }
  return caller;
}

}  // namespace

Caller CallerOf(const grpc::AuthContext& context, const RoleTable& table) {
  const std::string uid_text = ValueOf(context, kUid);
  const std::string gid_text = ValueOf(context, kGid);
  uid_t uid = 0;
  gid_t gid = 0;
  if (absl::SimpleAtoi(uid_text, &uid) && absl::SimpleAtoi(gid_text, &gid)) {
    return {absl::StrCat("uid=", uid, " gid=", gid), table.OfPeer(uid, gid)};
  }
  int role = 0;
  if (absl::SimpleAtoi(ValueOf(context, kRole), &role)) {
    return {ValueOf(context, kName), static_cast<Role>(role)};
  }
  return CertificateCaller(context, table);
}

TransportIdentity::Properties TransportIdentity::OfPeer(uid_t uid, gid_t gid) {
  return {{kUid, absl::StrCat(uid)}, {kGid, absl::StrCat(gid)}};
}

TransportIdentity::Properties TransportIdentity::OfUnnamedPeer(Role role) {
  return {{kRole, absl::StrCat(static_cast<int>(role))}, {kName, "uid=?"}};
}

TransportIdentity::Properties TransportIdentity::OfLoopback(Role role) {
  return {{kRole, absl::StrCat(static_cast<int>(role))}, {kName, "loopback"}};
}

void TransportIdentity::SetProperties(Properties properties) {
  gofer::base::MutexLock lock(mu_);
  properties_ = std::move(properties);
}

grpc::Status TransportIdentity::Process(const InputMetadata& metadata,
                                        grpc::AuthContext* context,
                                        OutputMetadata*, OutputMetadata*) {
  {
    gofer::base::MutexLock lock(mu_);
    if (!properties_.empty() && ValueOf(*context, kSeen).empty()) {
      context->AddProperty(kSeen, "1");
      for (const auto& [name, value] : properties_) {
        context->AddProperty(name, value);
      }
    }
  }
  const auto path = metadata.find(":path");
  const absl::string_view method =
      path == metadata.end()
          ? absl::string_view()
          : absl::string_view(path->second.data(), path->second.size());
  if (absl::StartsWith(method, kOwnServices)) return grpc::Status::OK;
  const absl::Status allowed =
      Authorize(CallerOf(*context, *book_.table()), FindMethodPolicy(method));
  return {static_cast<grpc::StatusCode>(allowed.code()),
          std::string(allowed.message())};
}

}  // namespace goferd::auth
