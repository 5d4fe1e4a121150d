#include "controlplane/service/audit_subject.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "goferd/admin/v1/connection_service.pb.h"
#include "goferd/admin/v1/handler_service.pb.h"
#include "goferd/admin/v1/server_service.pb.h"

namespace goferd::service {
namespace {

using namespace goferd::admin::v1;  // NOLINT: the API's own names.

TEST(AuditSubjectTest, NamesTheResourceOfARequest) {
  StopConnectionRequest stop;
  stop.set_name("servers/a/connections/c");
  stop.set_request_id("id");
  EXPECT_EQ(SubjectOf(stop).resource, "servers/a/connections/c");
  EXPECT_EQ(SubjectOf(stop).request_id, "id");
  StartConnectionRequest start;
  start.set_parent("servers/a");
  (*start.mutable_labels())["k"] = "v";
  EXPECT_EQ(SubjectOf(start).resource, "servers/a");
  start.set_connection_id("c");
  EXPECT_EQ(SubjectOf(start).resource, "servers/a/connections/c");
  UpdateServerRequest update;
  update.mutable_server()->set_name("servers/a");
  EXPECT_EQ(SubjectOf(update).resource, "servers/a");
}

TEST(AuditSubjectTest, NamesTheServerOfAHandlerTable) {
  SetHandlersRequest set;
  set.set_parent("servers/a");
  set.add_assignments();
  EXPECT_EQ(SubjectOf(set).resource, "servers/a");
}

TEST(AuditSubjectTest, NamesTheResourcesOfABatch) {
  BatchStartConnectionsRequest batch;
  batch.set_parent("servers/-");
  EXPECT_EQ(SubjectOf(batch).resource, "servers/-");
  auto* const one = batch.add_requests();
  one->set_parent("servers/a");
  one->set_connection_id("c");
  batch.set_parent("servers/b");
  batch.add_requests()->set_connection_id("d");
  EXPECT_EQ(SubjectOf(batch).resource,
            "servers/a/connections/c, servers/b/connections/d");
  BatchUpsertHandlerRulesRequest rules;
  rules.set_parent("servers/a");
  rules.add_handler_rules()->set_name("servers/a/handlerRules/r");
  EXPECT_EQ(SubjectOf(rules).resource, "servers/a/handlerRules/r");
}

TEST(AuditSubjectTest, NamesTheFirstResourcesOfABigBatch) {
  BatchUpsertHandlerRulesRequest rules;
  for (int i = 0; i < 250; ++i) {
    rules.add_handler_rules()->set_name(absl::StrCat("r", i));
  }
  EXPECT_EQ(SubjectOf(rules).resource,
            "r0, r1, r2, r3, r4, r5, r6, r7 and 242 more");
  for (auto& rule : *rules.mutable_handler_rules()) {
    rule.set_name(std::string(300, 'r'));
  }
  EXPECT_EQ(SubjectOf(rules).resource,
            absl::StrCat(std::string(300, 'r'), ", ", std::string(300, 'r'),
                         " and 248 more"));
}

}  // namespace
}  // namespace goferd::service
