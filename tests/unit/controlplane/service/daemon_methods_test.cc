#include "controlplane/service/daemon_methods.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "controlplane/service/daemon_log_level.h"
#include "controlplane/service/kernel_features.h"
#include "tests/unit/controlplane/service/methods_fixture.h"

namespace goferd::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

class DaemonMethodsTest : public MethodsTest {
 protected:
  ~DaemonMethodsTest() override { service::SetDaemonLogLevel(level_before_); }

  auto SetLevel(const std::string& request) {
    return bodies_.daemon.SetLogLevel(
        context_, Proto<admin::SetLogLevelRequest>(request));
  }
  auto List(const admin::ListInflightRpcsRequest& request) {
    return bodies_.daemon.ListInflightRpcs(context_, request);
  }

  const admin::LogLevel level_before_ = service::DaemonLogLevel();
};

TEST_F(DaemonMethodsTest, FillsInTheDaemonsInfo) {
  const auto info = bodies_.daemon.GetInfo(context_, {});
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(info->version(), "0.1.0");
  EXPECT_EQ(info->node(), "node-1");
  EXPECT_EQ(info->instance_uid(), supervisor_.events().instance_uid());
  EXPECT_EQ(info->limits().max_servers(), 7);
  EXPECT_EQ(info->limits().max_server_limits().max_fds(), 1048576);
  EXPECT_THAT(info->capabilities(), ElementsAre("handler-rules"));
  EXPECT_EQ(info->supported_mids_size(), 33);
  EXPECT_EQ(info->supported_mids(0), admin::MID_MOUNT);
  EXPECT_THAT(info->allowed_roots(), ElementsAre("/srv"));
  EXPECT_THAT(info->kernel_release(), Not(IsEmpty()));
  EXPECT_EQ(info->attach_socket_path(), "/run/test/attach.sock");
}

TEST(KernelFeaturesTest, AreInOrderAndHaveKnownNames) {
  const std::vector<std::string> features = service::KernelFeatures();
  EXPECT_TRUE(std::is_sorted(features.begin(), features.end()));
  const std::vector<std::string> known = {
      "cgroup2", "idmapped-mounts", "landlock",       "openat2",
      "pidfd",   "seccomp",         "user-namespaces"};
  for (const std::string& feature : features) {
    EXPECT_THAT(known, Contains(feature));
  }
}

TEST_F(DaemonMethodsTest, SetsTheLogLevelOfTheDaemon) {
  service::SetDaemonLogLevel(admin::LOG_LEVEL_WARNING);
  for (const auto level :
       {admin::LOG_LEVEL_DEBUG, admin::LOG_LEVEL_INFO, admin::LOG_LEVEL_WARNING,
        admin::LOG_LEVEL_ERROR, admin::LOG_LEVEL_OFF}) {
    const auto before = bodies_.daemon.GetInfo(context_, {})->log_level();
    const auto set = SetLevel("log_level: " + admin::LogLevel_Name(level));
    ASSERT_TRUE(set.ok()) << set.status();
    EXPECT_EQ(set->previous_log_level(), before);
    EXPECT_EQ(bodies_.daemon.GetInfo(context_, {})->log_level(), level);
  }
  ASSERT_TRUE(SetLevel("log_level: LOG_LEVEL_INFO validate_only: true").ok());
  EXPECT_EQ(service::DaemonLogLevel(), admin::LOG_LEVEL_OFF);
}

TEST_F(DaemonMethodsTest, SetsTheLogLevelOfGofers) {
  AddServer("a");
  const auto one = SetLevel("name: 'servers/a' log_level: LOG_LEVEL_DEBUG");
  ASSERT_TRUE(one.ok()) << one.status();
  EXPECT_EQ(one->previous_log_level(), admin::LOG_LEVEL_WARNING);
  const auto all = SetLevel("name: 'servers/-' log_level: LOG_LEVEL_DEBUG");
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_EQ(all->previous_log_level(), admin::LOG_LEVEL_UNSPECIFIED);
  EXPECT_THAT(FieldsOf(SetLevel("name: 'a' request_id: '1'").status()),
              ElementsAre("name", "log_level", "request_id"));
}

TEST_F(DaemonMethodsTest, PagesOfRequestsInFlightShowOneMoment) {
  std::vector<admin::InflightRpc> rpcs(3);
  for (size_t i = 0; i < rpcs.size(); ++i) {
    rpcs[i].set_connection(absl::StrCat("servers/a/connections/c", i));
  }
  supervisor_.SetInflight(rpcs);
  auto request =
      Proto<admin::ListInflightRpcsRequest>("parent: 'servers/-' page_size: 2");
  const auto first = List(request);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->inflight_rpcs_size(), 2);
  supervisor_.SetInflight({});
  request.set_page_token(first->next_page_token());
  const auto second = List(request);
  ASSERT_TRUE(second.ok()) << second.status();
  ASSERT_EQ(second->inflight_rpcs_size(), 1);
  EXPECT_EQ(second->inflight_rpcs(0).connection(), "servers/a/connections/c2");
  EXPECT_THAT(second->next_page_token(), IsEmpty());
}

TEST_F(DaemonMethodsTest, KeepsABoundedNumberOfListsOfRequestsInFlight) {
  supervisor_.SetInflight(std::vector<admin::InflightRpc>(2));
  const auto request =
      Proto<admin::ListInflightRpcsRequest>("parent: 'servers/-' page_size: 1");
  auto later = request;
  later.set_page_token(List(request)->next_page_token());
  EXPECT_TRUE(List(later).ok());
  for (int i = 0; i < 16; ++i) ASSERT_TRUE(List(request).ok());
  EXPECT_THAT(FieldsOf(List(later).status()),
              ElementsAre("page_token PAGE_TOKEN_MISMATCH"));
}

TEST_F(DaemonMethodsTest, BadListsOfRequestsInFlightAreRefused) {
  EXPECT_THAT(FieldsOf(List(Proto<admin::ListInflightRpcsRequest>(
                                "parent: 'x' min_age { seconds: -1 } "
                                "page_size: -1"))
                           .status()),
              ElementsAre("parent", "min_age", "page_size"));
}

TEST_F(DaemonMethodsTest, StatsAreOfOneServerOrConnection) {
  AddServer("a");
  AddConnection("a", "c");
  const auto stats = [this](const std::string& name) {
    admin::GetStatsRequest request;
    request.set_name(name);
    return bodies_.stats.GetStats(context_, request);
  };
  EXPECT_EQ(stats("servers/a")->name(), "servers/a");
  EXPECT_EQ(stats("servers/a/connections/c")->name(),
            "servers/a/connections/c");
  for (const char* const name :
       {"servers/-", "servers/a/connections/-", "", "servers/a/handlers/1"}) {
    EXPECT_THAT(FieldsOf(stats(name).status()), ElementsAre("name")) << name;
  }
}

}  // namespace
}  // namespace goferd::testing
