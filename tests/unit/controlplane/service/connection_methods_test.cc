#include "controlplane/service/connection_methods.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/unit/controlplane/service/methods_fixture.h"

namespace goferd::testing {
namespace {

using admin::Connection;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

class ConnectionMethodsTest : public MethodsTest {
 protected:
  auto Start(const std::string& request) {
    return bodies_.connections.StartConnection(
        context_, Proto<admin::StartConnectionRequest>(request));
  }
  auto BatchStart(const std::string& request) {
    return bodies_.connections.BatchStartConnections(
        context_, Proto<admin::BatchStartConnectionsRequest>(request));
  }
  auto Stop(const std::string& request) {
    return bodies_.connections.StopConnection(
        context_, Proto<admin::StopConnectionRequest>(request));
  }
  auto Count(const std::string& request) {
    return bodies_.connections.GetActiveConnectionCount(
        context_, Proto<admin::GetActiveConnectionCountRequest>(request));
  }
};

TEST_F(ConnectionMethodsTest, ReportsAllFaultsOfAStart) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> cases = {
      {"", {"parent", "connection_id", "mount_path PATH_NOT_ABSOLUTE"}},
      {"parent: 'servers/-' connection_id: 'c' mount_path: '/'", {"parent"}},
      {"parent: 'servers/a' connection_id: 'c' mount_path: '/' "
       "options { max_channels: -1 } expected_peer { pid: 0 } "
       "ticket_ttl { seconds: 601 } labels { key: '-' } request_id: '1'",
       {"options.max_channels", "expected_peer.pid", "ticket_ttl", "labels",
        "request_id"}},
      {"parent: 'servers/a' connection_id: 'c' mount_path: '/' ticket_ttl {}",
       {"ticket_ttl"}},
  };
  for (const auto& [request, fields] : cases) {
    EXPECT_THAT(FieldsOf(Start(request).status()), ElementsAreArray(fields))
        << request;
  }
}

TEST_F(ConnectionMethodsTest, TheMountPathIsCleaned) {
  AddServer("a");
  const auto started = Start(
      "parent: 'servers/a' connection_id: 'c' mount_path: '//x/./y/../z/'");
  ASSERT_TRUE(started.ok()) << started.status();
  EXPECT_EQ(started->connection().mount_path(), "/x/z");
  EXPECT_EQ(started->connection().attach_mode(), admin::ATTACH_MODE_TAKE);
}

TEST_F(ConnectionMethodsTest, ARepeatedStartGetsAnotherTicket) {
  AddServer("a");
  const std::string request = absl::StrCat(
      "parent: 'servers/a' connection_id: 'c' mount_path: '/' request_id: '",
      kUuid, "'");
  const auto first = Start(request);
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second = Start(request);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->connection().uid(), first->connection().uid());
  EXPECT_EQ(first->ticket().ticket(), first->connection().uid());
  EXPECT_EQ(second->ticket().ticket(), first->ticket().ticket() + "-renewed");
  supervisor_.SetConnectionState("a", "c", Connection::ATTACHED);
  const auto third = Start(request);
  ASSERT_TRUE(third.ok()) << third.status();
  EXPECT_FALSE(third->has_ticket());
  EXPECT_EQ(third->connection().state(), Connection::ATTACHED);
}

TEST_F(ConnectionMethodsTest, ARepeatedBatchGetsNewTickets) {
  AddServer("a");
  AddServer("b");
  const std::string request = absl::StrCat(
      "parent: 'servers/-' request_id: '", kUuid,
      "' requests { parent: 'servers/a' connection_id: 'c' mount_path: '/' } "
      "requests { parent: 'servers/b' connection_id: 'd' mount_path: '/x' }");
  const auto first = BatchStart(request);
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_EQ(first->responses_size(), 2);
  EXPECT_EQ(first->responses(1).connection().name(), "servers/b/connections/d");
  const auto second = BatchStart(request);
  ASSERT_TRUE(second.ok()) << second.status();
  ASSERT_EQ(second->responses_size(), 2);
  EXPECT_EQ(second->responses(0).ticket().ticket(),
            first->responses(0).ticket().ticket() + "-renewed");
}

TEST_F(ConnectionMethodsTest, ARepeatedBatchSkipsConnectionsThatAreGone) {
  AddServer("a");
  AddServer("b");
  const std::string request = absl::StrCat(
      "parent: 'servers/-' request_id: '", kUuid,
      "' requests { parent: 'servers/a' connection_id: 'c' mount_path: '/' } "
      "requests { parent: 'servers/b' connection_id: 'd' mount_path: '/' } "
      "requests { parent: 'servers/a' connection_id: 'e' mount_path: '/' }");
  const auto first = BatchStart(request);
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_TRUE(
      supervisor_.servers()
          .Delete("b", "", supervisor::Force::kYes, supervisor::Effect::kReal)
          .ok());
  const auto second = BatchStart(request);
  ASSERT_TRUE(second.ok()) << second.status();
  ASSERT_EQ(second->responses_size(), 3);
  EXPECT_TRUE(second->responses(0).has_ticket());
  EXPECT_EQ(second->responses(1).connection().uid(),
            first->responses(1).connection().uid());
  EXPECT_FALSE(second->responses(1).has_ticket());
  EXPECT_TRUE(second->responses(2).has_ticket());
}

TEST_F(ConnectionMethodsTest, ReportsAllFaultsOfABatch) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> cases = {
      {"parent: 'servers/a'", {"requests"}},
      {"parent: 'x' requests { connection_id: 'c' mount_path: '/' }",
       {"parent"}},
      {"parent: 'servers/-' requests { connection_id: 'c' mount_path: '/' }",
       {"requests[0].parent"}},
      {"parent: 'servers/a' "
       "requests { connection_id: 'c' mount_path: '/' } "
       "requests { parent: 'servers/b' connection_id: 'C' mount_path: 'x' "
       "request_id: 'r' validate_only: true }",
       {"requests[1].parent", "requests[1].connection_id",
        "requests[1].mount_path PATH_NOT_ABSOLUTE", "requests[1].request_id",
        "requests[1].validate_only"}},
  };
  for (const auto& [request, fields] : cases) {
    EXPECT_THAT(FieldsOf(BatchStart(request).status()),
                ElementsAreArray(fields))
        << request;
  }
}

TEST_F(ConnectionMethodsTest, ABatchIsBounded) {
  admin::BatchStartConnectionsRequest request;
  request.set_parent("servers/a");
  for (int i = 0; i < 251; ++i) request.add_requests();
  EXPECT_THAT(
      FieldsOf(bodies_.connections.BatchStartConnections(context_, request)
                   .status()),
      ElementsAre("requests"));
}

TEST_F(ConnectionMethodsTest, ReportsAllFaultsOfAStop) {
  EXPECT_THAT(FieldsOf(Stop(absl::StrCat("name: 'servers/a' mode: ABORT "
                                         "timeout { seconds: 1 } reason: '",
                                         std::string(1025, 'x'), "'"))
                           .status()),
              ElementsAre("name", "timeout", "reason"));
  EXPECT_THAT(
      FieldsOf(Stop("name: 'servers/a/connections/c' timeout {}").status()),
      ElementsAre("timeout"));
}

TEST_F(ConnectionMethodsTest, ListsAreFilteredByWhoMayHoldAMountsFd) {
  AddServer("a");
  AddConnection("a", "x", "options { donate_host_fds: FILES_AND_MOUNT_POINT }");
  AddConnection("a", "y");
  auto request = Proto<admin::ListConnectionsRequest>(
      "parent: 'servers/-' filter: 'mount_fd = POSSIBLE'");
  const auto list = bodies_.connections.ListConnections(context_, request);
  ASSERT_TRUE(list.ok()) << list.status();
  ASSERT_EQ(list->connections_size(), 1);
  EXPECT_EQ(list->connections(0).name(), "servers/a/connections/x");
  request.set_filter("mount_fd = maybe");
  EXPECT_THAT(
      FieldsOf(bodies_.connections.ListConnections(context_, request).status()),
      ElementsAre("filter"));
}

TEST_F(ConnectionMethodsTest, ListsAreFilteredAndPaged) {
  AddServer("a");
  AddServer("b");
  AddConnection("a", "x", "labels { key: 't' value: '1' }");
  AddConnection("a", "y");
  AddConnection("b", "z", "labels { key: 't' value: '1' }");
  auto request = Proto<admin::ListConnectionsRequest>(
      "parent: 'servers/-' page_size: 1 filter: 'labels.t = 1'");
  const auto first = bodies_.connections.ListConnections(context_, request);
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_EQ(first->connections_size(), 1);
  EXPECT_EQ(first->connections(0).name(), "servers/a/connections/x");
  request.set_page_token(first->next_page_token());
  const auto second = bodies_.connections.ListConnections(context_, request);
  ASSERT_TRUE(second.ok());
  ASSERT_EQ(second->connections_size(), 1);
  EXPECT_EQ(second->connections(0).name(), "servers/b/connections/z");
  EXPECT_THAT(second->next_page_token(), IsEmpty());
  request.set_parent("servers/a");
  EXPECT_EQ(
      ReasonOf(bodies_.connections.ListConnections(context_, request).status()),
      Reason::PAGE_TOKEN_MISMATCH);
  EXPECT_EQ(ReasonOf(bodies_.connections
                         .ListConnections(context_,
                                          Proto<admin::ListConnectionsRequest>(
                                              "parent: 'servers/nope'"))
                         .status()),
            Reason::SERVER_NOT_FOUND);
}

TEST_F(ConnectionMethodsTest, CountsActiveConnections) {
  AddServer("a");
  AddServer("b");
  AddServer("c");
  AddConnection("a", "pending");
  AddConnection("a", "attached");
  AddConnection("a", "mounted", "labels { key: 't' }");
  AddConnection("b", "draining");
  AddConnection("b", "closed", "labels { key: 't' }");
  supervisor_.SetConnectionState("a", "attached", Connection::ATTACHED);
  supervisor_.SetConnectionState("a", "mounted", Connection::MOUNTED);
  supervisor_.SetConnectionState("b", "draining", Connection::DRAINING);
  supervisor_.SetConnectionState("b", "closed", Connection::CLOSED);

  EXPECT_EQ(Count("parent: 'servers/-'")->total_count(), 3);
  EXPECT_EQ(Count("parent: 'servers/a'")->total_count(), 2);
  EXPECT_EQ(Count("parent: 'servers/c'")->total_count(), 0);
  EXPECT_EQ(Count("parent: 'servers/-' filter: 'labels:t'")->total_count(), 1);
  EXPECT_EQ(Count("parent: 'servers/-' filter: 'labels:t AND state = CLOSED'")
                ->total_count(),
            1);
  const auto apart = Count("parent: 'servers/-' group_by: [STATE, SERVER]");
  ASSERT_TRUE(apart.ok());
  EXPECT_EQ(apart->ShortDebugString(),
            "total_count: 3 "
            "state_counts { state: ATTACHED count: 1 } "
            "state_counts { state: MOUNTED count: 1 } "
            "state_counts { state: DRAINING count: 1 } "
            "server_counts { server: \"servers/a\" count: 2 } "
            "server_counts { server: \"servers/b\" count: 1 }");
}

TEST_F(ConnectionMethodsTest, ReportsAllFaultsOfACount) {
  EXPECT_THAT(FieldsOf(Count("parent: 'a' filter: 'x' "
                             "group_by: [STATE, GROUP_BY_UNSPECIFIED, STATE]")
                           .status()),
              ElementsAre("parent", "filter", "group_by[1]", "group_by[2]"));
  EXPECT_EQ(ReasonOf(Count("parent: 'servers/nope'").status()),
            Reason::SERVER_NOT_FOUND);
}

}  // namespace
}  // namespace goferd::testing
