#include "controlplane/service/server_methods.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/controlplane/service/methods_fixture.h"

namespace goferd::testing {
namespace {

using admin::Server;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

class ServerMethodsTest : public MethodsTest {
 protected:
  std::vector<std::string> FieldsOfCreate(const std::string& request) {
    return FieldsOf(
        bodies_.servers
            .CreateServer(context_, Proto<admin::CreateServerRequest>(request))
            .status());
  }

  absl::StatusOr<Server> Update(const std::string& request) {
    return bodies_.servers.UpdateServer(
        context_, Proto<admin::UpdateServerRequest>(request));
  }

  // Returns the names on all pages.
  std::vector<std::string> ListAll(admin::ListServersRequest request,
                                   const std::function<void()>& between = {}) {
    std::vector<std::string> names;
    while (true) {
      const auto page = bodies_.servers.ListServers(context_, request);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) return names;
      for (const Server& server : page->servers()) {
        names.push_back(server.name());
      }
      if (page->next_page_token().empty()) return names;
      request.set_page_token(page->next_page_token());
      if (between) between();
    }
  }
};

TEST_F(ServerMethodsTest, ReportsAllFaultsOfANewServer) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> cases = {
      {"", {"server_id", "server"}},
      {"server_id: 'A' server {}", {"server_id", "server.root"}},
      {"server_id: 'a' server { root: 'srv' } request_id: 'x'",
       {"server.root PATH_NOT_ABSOLUTE", "request_id"}},
      {"server_id: 'a' server { oci_bundle: 'b' }",
       {"server.oci_bundle PATH_NOT_ABSOLUTE"}},
      {"server_id: 'a' server { root: '/' limits { max_connections: -1 "
       "max_fds: 1048577 max_channels: 8193 max_memory_bytes: -1 } }",
       {"server.limits.max_connections", "server.limits.max_fds",
        "server.limits.max_channels", "server.limits.max_memory_bytes"}},
      {"server_id: 'a' server { root: '/' limits { max_fds: 63 } }",
       {"server.limits.max_fds"}},
      {"server_id: 'a' server { root: '/' default_connection_options { "
       "max_message_size: 4095 max_channels: 65 max_fds: 15 max_nodes: -1 } }",
       {"server.default_connection_options.max_message_size",
        "server.default_connection_options.max_channels",
        "server.default_connection_options.max_fds",
        "server.default_connection_options.max_nodes"}},
      {"server_id: 'a' server { root: '/' ttl { nanos: 1 } }", {"server.ttl"}},
      {"server_id: 'a' server { root: '/' labels { key: 'A' } }",
       {"server.labels"}},
      {"server_id: 'a' server { root: '/' id_map { uid_ranges { count: 0 } } }",
       {"server.id_map.uid_ranges[0].count"}},
      {"server_id: 'a' server { root: '/' id_map { "
       "gid_ranges { host_id: 0 sandbox_id: 0 count: 10 } "
       "gid_ranges { host_id: 9 sandbox_id: 20 count: 1 } } }",
       {"server.id_map.gid_ranges"}},
      {"server_id: 'a' server { root: '/' id_map { "
       "uid_ranges { host_id: 4294967295 count: 1 } } }",
       {"server.id_map.uid_ranges[0]"}},
      {"server_id: 'a' server { root: '/' id_map { "
       "uid_ranges { host_id: 1000 sandbox_id: 1000 count: 1 } "
       "gid_ranges { host_id: 5 count: 1 } } }",
       {"server.id_map.uid_ranges"}},
      {"server_id: 'a' server { root: '/' sandbox_mode: UNCONFINED id_map { "
       "uid_ranges { host_id: 1000 count: 1 } } }",
       {"server.sandbox_mode"}},
      {"server_id: 'a' server { oci_bundle: '/b' sandbox_mode: UNCONFINED }",
       {"server.sandbox_mode"}},
  };
  for (const auto& [request, fields] : cases) {
    EXPECT_THAT(FieldsOfCreate(request), ElementsAreArray(fields)) << request;
  }
  EXPECT_EQ(supervisor_.changes(), 0);
}

// 340 ranges of long numbers are more than the page that the kernel reads.
TEST_F(ServerMethodsTest, RefusesIdMapsThatTheKernelWouldNotTake) {
  admin::CreateServerRequest request;
  request.set_server_id("a");
  request.mutable_server()->set_root("/");
  auto& ranges =
      *request.mutable_server()->mutable_id_map()->mutable_uid_ranges();
  for (uint32_t i = 0; i < 340; ++i) {
    auto& range = *ranges.Add();
    range.set_host_id(3'000'000'000 + i);
    range.set_sandbox_id(i);
    range.set_count(1);
  }
  EXPECT_THAT(
      FieldsOf(bodies_.servers.CreateServer(context_, request).status()),
      ElementsAre("server.id_map.uid_ranges"));
  ranges.DeleteSubrange(200, 140);
  EXPECT_TRUE(bodies_.servers.CreateServer(context_, request).ok());
}

TEST_F(ServerMethodsTest, UnknownModesAreRefused) {
  admin::CreateServerRequest request;
  request.set_server_id("a");
  request.mutable_server()->set_root("/");
  request.mutable_server()->set_sandbox_mode(
      static_cast<Server::SandboxMode>(99));
  request.mutable_server()->set_restart_policy(
      static_cast<Server::RestartPolicy>(99));
  EXPECT_THAT(
      FieldsOf(bodies_.servers.CreateServer(context_, request).status()),
      ElementsAre("server.sandbox_mode", "server.restart_policy"));
}

TEST_F(ServerMethodsTest, OutputFieldsOfANewServerAreIgnored) {
  auto request = Proto<admin::CreateServerRequest>(
      "server_id: 'a' server { root: '/srv' name: 'servers/b' uid: 'u' "
      "etag: 'e' restart_count: 7 gofer_pid: 1 }");
  const auto made = bodies_.servers.CreateServer(context_, request);
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->name(), "servers/a");
  EXPECT_EQ(made->restart_count(), 0);
  EXPECT_EQ(made->gofer_pid(), 0);
}

TEST_F(ServerMethodsTest, ARepeatedCreationIsAnsweredOnce) {
  auto request = Proto<admin::CreateServerRequest>(
      "server_id: 'a' server { root: '/srv' }");
  request.set_request_id(kUuid);
  const auto first = bodies_.servers.CreateServer(context_, request);
  const auto second = bodies_.servers.CreateServer(context_, request);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first->uid(), second->uid());
  EXPECT_EQ(supervisor_.changes(), 1);
}

TEST_F(ServerMethodsTest, ListsAreInPages) {
  for (const char* const id : {"a", "b", "c", "d", "e"}) AddServer(id);
  admin::ListServersRequest request;
  request.set_page_size(2);
  EXPECT_THAT(ListAll(request),
              ElementsAre("servers/a", "servers/b", "servers/c", "servers/d",
                          "servers/e"));
}

TEST_F(ServerMethodsTest, ListsMayChangeBetweenPages) {
  for (const char* const id : {"b", "c", "d"}) AddServer(id);
  admin::ListServersRequest request;
  request.set_page_size(1);
  bool changed = false;
  const auto names = ListAll(request, [&] {
    if (std::exchange(changed, true)) return;
    AddServer("a");
    AddServer("e");
    auto gone = Proto<admin::DeleteServerRequest>("name: 'servers/b'");
    ASSERT_TRUE(bodies_.servers.DeleteServer(context_, gone).ok());
    gone.set_name("servers/c");
    ASSERT_TRUE(bodies_.servers.DeleteServer(context_, gone).ok());
  });
  EXPECT_THAT(names, ElementsAre("servers/b", "servers/d", "servers/e"));
}

TEST_F(ServerMethodsTest, ListsOfSeveralSlicesAreComplete) {
  for (int i = 0; i < 2100; ++i) {
    AddServer(absl::StrCat("s", i), i % 700 == 0 ? "labels { key: 'x' }" : "");
  }
  admin::ListServersRequest request;
  request.set_filter("labels:x");
  EXPECT_THAT(ListAll(request),
              ElementsAre("servers/s0", "servers/s1400", "servers/s700"));
}

TEST_F(ServerMethodsTest, BadListsAreRefused) {
  const auto listed = bodies_.servers.ListServers(
      context_, Proto<admin::ListServersRequest>(
                    "page_size: -1 page_token: 'x' filter: 'colour = red'"));
  EXPECT_THAT(
      FieldsOf(listed.status()),
      ElementsAre("page_size", "page_token PAGE_TOKEN_MISMATCH", "filter"));
}

TEST_F(ServerMethodsTest, AnUpdateChangesTheFieldsOfItsMask) {
  AddServer("a",
            "labels { key: 'x' value: '1' } limits { max_fds: 99 } "
            "default_connection_options { max_fds: 33 readonly: true }");
  const auto changed = Update(
      "server { name: 'servers/a' labels { key: 'y' value: '2' } "
      "limits { max_connections: 5 } ttl { seconds: 60 } } "
      "update_mask { paths: 'labels' paths: 'limits.max_connections' "
      "paths: 'labels' paths: 'default_connection_options.readonly' }");
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_EQ(changed->labels().size(), 1u);
  EXPECT_EQ(changed->labels().at("y"), "2");
  EXPECT_EQ(changed->limits().max_connections(), 5);
  EXPECT_EQ(changed->limits().max_fds(), 99);
  EXPECT_EQ(changed->expiration_case(), Server::EXPIRATION_NOT_SET);
  // A field of the mask that is not set gets its default.
  EXPECT_FALSE(changed->default_connection_options().has_readonly());
  EXPECT_EQ(changed->default_connection_options().max_fds(), 33);
}

TEST_F(ServerMethodsTest, WithoutAMaskAnUpdateChangesTheFieldsThatAreSet) {
  AddServer("a", "labels { key: 'x' } limits { max_fds: 99 }");
  const auto changed =
      Update("server { name: 'servers/a' limits { max_connections: 5 } }");
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_EQ(changed->labels().size(), 1u);
  EXPECT_EQ(changed->limits().max_connections(), 5);
  EXPECT_EQ(changed->limits().max_fds(), 99);
}

TEST_F(ServerMethodsTest, AMaskWithTheExpirationRemovesIt) {
  AddServer("a", "expire_time { seconds: 5000000000 }");
  const auto changed =
      Update("server { name: 'servers/a' } update_mask { paths: 'ttl' }");
  ASSERT_TRUE(changed.ok());
  EXPECT_EQ(changed->expiration_case(), Server::EXPIRATION_NOT_SET);
}

TEST_F(ServerMethodsTest, EitherNameInTheMaskStandsForTheExpiration) {
  AddServer("a", "expire_time { seconds: 5000000000 }");
  const auto changed = Update(
      "server { name: 'servers/a' ttl { seconds: 60 } } "
      "update_mask { paths: 'expire_time' paths: 'ttl' }");
  ASSERT_TRUE(changed.ok());
  EXPECT_EQ(changed->ttl().seconds(), 60);
}

TEST_F(ServerMethodsTest, RefusesToChangeImmutableFields) {
  AddServer("a");
  for (const char* const path :
       {"root", "name", "", "limits.nothing", "limits.max_fds.x", "state",
        "sandbox_mode", "follow_symbolic_links"}) {
    const auto changed = Update(absl::StrCat(
        "server { name: 'servers/a' } update_mask { paths: '", path, "' }"));
    EXPECT_THAT(FieldsOf(changed.status()), ElementsAre("update_mask")) << path;
  }
  EXPECT_THAT(FieldsOf(Update("server { name: 'servers/a' root: '/other' "
                              "sandbox_mode: STRICT }")
                           .status()),
              ElementsAre("server.root", "server.sandbox_mode"));
  // A resource that was read may be sent back.
  EXPECT_TRUE(Update("server { name: 'servers/a' root: '/srv' }").ok());
}

TEST_F(ServerMethodsTest, AMaskMayNameOneLabel) {
  AddServer("a",
            "labels { key: 'x' value: '1' } labels { key: 'y' value: '2' }");
  const auto changed = Update(
      "server { name: 'servers/a' labels { key: 'z' value: '3' } "
      "labels { key: 'y' value: '9' } } "
      "update_mask { paths: 'labels.x' paths: 'labels.`z`' }");
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_EQ(changed->labels().size(), 2u);
  EXPECT_EQ(changed->labels().at("y"), "2");
  EXPECT_EQ(changed->labels().at("z"), "3");
}

TEST_F(ServerMethodsTest, AStarReplacesAllThatMayChange) {
  AddServer("a",
            "labels { key: 'x' value: '1' } limits { max_fds: 99 } "
            "expire_time { seconds: 5000000000 } "
            "max_connection_options { readonly: true }");
  const auto changed = Update(
      "server { name: 'servers/a' limits { max_connections: 5 } } "
      "update_mask { paths: '*' }");
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_TRUE(changed->labels().empty());
  EXPECT_EQ(changed->limits().max_connections(), 5);
  EXPECT_EQ(changed->limits().max_fds(), 0);
  EXPECT_EQ(changed->expiration_case(), Server::EXPIRATION_NOT_SET);
  EXPECT_FALSE(changed->max_connection_options().readonly());
  EXPECT_THAT(FieldsOf(Update("server { name: 'servers/a' root: '/other' } "
                              "update_mask { paths: '*' }")
                           .status()),
              ElementsAre("server.root"));
}

TEST_F(ServerMethodsTest, AnUpdateMayMakeAMissingServer) {
  const std::string server = "server { name: 'servers/a' root: '/srv' ";
  EXPECT_EQ(ReasonOf(Update(server + "}").status()), Reason::SERVER_NOT_FOUND);
  EXPECT_EQ(
      ReasonOf(Update(server + "etag: 'x' } allow_missing: true").status()),
      Reason::ETAG_MISMATCH);
  EXPECT_THAT(
      FieldsOf(
          Update("server { name: 'servers/a' } allow_missing: true").status()),
      ElementsAre("server.root"));
  const auto made = Update(server + "} allow_missing: true");
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->name(), "servers/a");
  // From now on it is an update.
  const auto changed = Update(server +
                              "labels { key: 'x' } } allow_missing: true "
                              "update_mask { paths: 'labels' }");
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_EQ(changed->uid(), made->uid());
}

TEST_F(ServerMethodsTest, AProtocolLevelHasNoMaximum) {
  EXPECT_THAT(
      FieldsOf(Update("server { name: 'servers/a' max_connection_options { "
                      "protocol_level: AUG_2026 host_uds: NONE } }")
                   .status()),
      ElementsAre("server.max_connection_options.protocol_level"));
}

TEST_F(ServerMethodsTest, ChecksOnlyFieldsThatAreToBeChanged) {
  AddServer("a");
  EXPECT_TRUE(Update("server { name: 'servers/a' limits { max_fds: -1 } } "
                     "update_mask { paths: 'labels' }")
                  .ok());
  EXPECT_THAT(FieldsOf(Update("server { name: 'servers/a' "
                              "limits { max_fds: -1 } }")
                           .status()),
              ElementsAre("server.limits.max_fds"));
}

TEST_F(ServerMethodsTest, AMissingServerMayBeDeletedIfAllowed) {
  auto request = Proto<admin::DeleteServerRequest>("name: 'servers/a'");
  EXPECT_EQ(ReasonOf(bodies_.servers.DeleteServer(context_, request).status()),
            Reason::SERVER_NOT_FOUND);
  request.set_allow_missing(true);
  EXPECT_TRUE(bodies_.servers.DeleteServer(context_, request).ok());
}

TEST_F(ServerMethodsTest, DrainsAndUndrains) {
  AddServer("a");
  const auto drained = bodies_.servers.DrainServer(
      context_, Proto<admin::DrainServerRequest>("name: 'servers/a'"));
  ASSERT_TRUE(drained.ok());
  EXPECT_EQ(drained->state(), Server::DRAINING);
  const auto undrained = bodies_.servers.UndrainServer(
      context_, Proto<admin::UndrainServerRequest>("name: 'servers/a'"));
  ASSERT_TRUE(undrained.ok());
  EXPECT_EQ(undrained->state(), Server::ACTIVE);
}

TEST_F(ServerMethodsTest, StrictRequestsAreToBeRefusedWhenTheyAreEscaped) {
  AddServer("a");
  ASSERT_TRUE(bodies_.servers
                  .DrainServer(context_, Proto<admin::DrainServerRequest>(
                                             "name: 'servers/a' strict: true"))
                  .ok());
  EXPECT_EQ(supervisor_.escapes(), supervisor::Escapes::kRefuse);
  const std::string update =
      "server { name: 'servers/a' limits { max_fds: 99 } }";
  ASSERT_TRUE(Update(update).ok());
  EXPECT_EQ(supervisor_.escapes(), supervisor::Escapes::kWarn);
  ASSERT_TRUE(Update(update + " strict: true").ok());
  EXPECT_EQ(supervisor_.escapes(), supervisor::Escapes::kRefuse);
}

TEST_F(ServerMethodsTest, ValidateOnlyChangesNothing) {
  const auto checked = bodies_.servers.CreateServer(
      context_, Proto<admin::CreateServerRequest>(
                    "server_id: 'a' server { root: '/' } validate_only: true"));
  ASSERT_TRUE(checked.ok());
  EXPECT_THAT(checked->uid(), IsEmpty());
  EXPECT_EQ(supervisor_.changes(), 0);
}

}  // namespace
}  // namespace goferd::testing
