#include "controlplane/auth/method_policy.h"

#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "controlplane/auth/authorize.h"
#include "controlplane/auth/methods.h"
#include "controlplane/errors/error.h"
#include "goferd/admin/v1/connection_service.pb.h"
#include "goferd/admin/v1/daemon_service.pb.h"
#include "goferd/admin/v1/event_service.pb.h"
#include "goferd/admin/v1/handler_service.pb.h"
#include "goferd/admin/v1/server_service.pb.h"
#include "goferd/admin/v1/stats_service.pb.h"

namespace goferd::auth {
namespace {

const google::protobuf::FileDescriptor* Files(size_t index) {
  const google::protobuf::FileDescriptor* files[] = {
      admin::v1::GetServerRequest::descriptor()->file(),
      admin::v1::GetConnectionRequest::descriptor()->file(),
      admin::v1::ListHandlersRequest::descriptor()->file(),
      admin::v1::WatchEventsRequest::descriptor()->file(),
      admin::v1::GetStatsRequest::descriptor()->file(),
      admin::v1::GetInfoRequest::descriptor()->file()};
  return files[index];
}

// Every method of every service, as gRPC writes it.
std::set<std::string> AllMethods() {
  std::set<std::string> methods;
  for (size_t i = 0; i < 6; ++i) {
    for (int s = 0; s < Files(i)->service_count(); ++s) {
      const auto* service = Files(i)->service(s);
      for (int m = 0; m < service->method_count(); ++m) {
        methods.insert("/" + service->full_name() + "/" +
                       service->method(m)->name());
      }
    }
  }
  return methods;
}

// The lowest role that may call a method, worked out from its name and not from
// the table.
Role ExpectedRole(const std::string& method) {
  const std::string name = method.substr(method.rfind('/') + 1);
  static const std::map<std::string, Role> kMutations = {
      {"CreateServer", Role::ROLE_ADMIN},
      {"UpdateServer", Role::ROLE_ADMIN},
      {"DeleteServer", Role::ROLE_ADMIN},
      {"SetLogLevel", Role::ROLE_ADMIN},
      {"DrainServer", Role::ROLE_OPERATOR},
      {"UndrainServer", Role::ROLE_OPERATOR},
      {"StartConnection", Role::ROLE_OPERATOR},
      {"BatchStartConnections", Role::ROLE_OPERATOR},
      {"StopConnection", Role::ROLE_OPERATOR},
      {"SetHandlers", Role::ROLE_CHAOS},
      {"ResetHandlers", Role::ROLE_CHAOS},
      {"CreateHandlerRule", Role::ROLE_CHAOS},
      {"DeleteHandlerRule", Role::ROLE_CHAOS},
      {"BatchUpsertHandlerRules", Role::ROLE_CHAOS}};
  const auto it = kMutations.find(name);
  return it == kMutations.end() ? Role::ROLE_VIEWER : it->second;
}

TEST(MethodPolicyTest, EveryMethodHasARowWithItsRole) {
  const std::set<std::string> methods = AllMethods();
  EXPECT_EQ(methods.size(), 28u);
  for (const std::string& method : methods) {
    const MethodPolicy* policy = FindMethodPolicy(method);
    ASSERT_NE(policy, nullptr) << method;
    EXPECT_EQ(policy->needed, ExpectedRole(method)) << method;
    const bool is_read = ExpectedRole(method) == Role::ROLE_VIEWER;
    EXPECT_EQ(policy->kind, is_read ? Kind::kRead : Kind::kMutation) << method;
  }
}

TEST(MethodPolicyTest, EveryRowNamesAnExistingMethod) {
  const std::set<std::string> methods = AllMethods();
  for (const MethodPolicy& policy : MethodPolicies()) {
    const std::string method(policy.method);
    if (method.rfind("/goferd.", 0) == 0) {
      EXPECT_EQ(methods.count(method), 1u) << method;
    }
  }
}

TEST(MethodPolicyTest, RolesReachTheirMethodsAndNoOthers) {
  for (const std::string& method : AllMethods()) {
    for (int role = Role::ROLE_UNSPECIFIED; role <= Role::ROLE_ADMIN; ++role) {
      const absl::Status status = Authorize({"caller", static_cast<Role>(role)},
                                            FindMethodPolicy(method));
      EXPECT_EQ(status.ok(), role >= ExpectedRole(method))
          << method << " as " << role;
      if (status.ok()) continue;
      EXPECT_EQ(errors::ReasonOf(status), errors::Reason::ROLE_REQUIRED);
      EXPECT_EQ(status.code(), role == Role::ROLE_UNSPECIFIED
                                   ? absl::StatusCode::kUnauthenticated
                                   : absl::StatusCode::kPermissionDenied);
    }
  }
}

TEST(MethodPolicyTest, MethodWithoutARowIsRefusedToAdmins) {
  EXPECT_EQ(FindMethodPolicy("/goferd.admin.v1.ServerService/Format"), nullptr);
  EXPECT_FALSE(Authorize({"root", Role::ROLE_ADMIN}, nullptr).ok());
}

TEST(MethodPolicyTest, ShortNameLeavesOutTheService) {
  EXPECT_EQ(methods::kCreateServer.short_name(), "CreateServer");
}

TEST(MethodPolicyTest, HealthNeedsNoRole) {
  EXPECT_TRUE(
      Authorize({}, FindMethodPolicy("/grpc.health.v1.Health/Check")).ok());
  EXPECT_FALSE(
      Authorize({}, FindMethodPolicy("/grpc.channelz.v1.Channelz/GetServers"))
          .ok());
}

}  // namespace
}  // namespace goferd::auth
