#include "controlplane/supervisor/escapes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"
#include "controlplane/names/resource_name.h"
#include "google/rpc/error_details.pb.h"

namespace goferd::supervisor {
namespace {

using admin::Connection;
using admin::HandlerRule;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Warning = HandlerRule::Warning;

std::map<std::string, std::string> MetadataOf(const absl::Status& status) {
  google::rpc::ErrorInfo info;
  const auto payload =
      status.GetPayload("type.googleapis.com/google.rpc.ErrorInfo");
  EXPECT_TRUE(payload && info.ParseFromString(std::string(*payload)));
  return {info.metadata().begin(), info.metadata().end()};
}

class EscapesTest : public testing::Test {
 protected:
  EscapesTest() {
    server_.id = "a";
    server_.gofer.known_mids = {admin::MID_MOUNT, admin::MID_CHANNEL,
                                admin::MID_MKDIR_AT, admin::MID_PREAD};
  }
  Connection& Add(const std::string& id, Connection::MountFd mount_fd) {
    model::ConnectionRecord& record = server_.connections[id];
    record.visible = true;
    Connection& connection = record.resource;
    connection.set_name(names::FormatConnectionName("a", id));
    connection.set_mount_path("/data/" + id);
    connection.set_state(mount_fd == Connection::POSSIBLE
                             ? Connection::ATTACHED
                             : Connection::MOUNTED);
    connection.set_mount_fd(mount_fd);
    connection.mutable_options()->set_donate_host_fds(
        mount_fd == Connection::WITHHELD
            ? admin::ConnectionOptions::NO_FDS
            : admin::ConnectionOptions::FILES_AND_MOUNT_POINT);
    return connection;
  }
  HandlerRule Fault(const std::vector<admin::Mid>& mids) const {
    HandlerRule rule;
    rule.mutable_error()->set_code("ENOSPC");
    for (const admin::Mid mid : mids) rule.mutable_match()->add_mids(mid);
    return rule;
  }
  // The connections that the only warning names; none without a warning.
  std::vector<std::string> Escaping(HandlerRule rule) const {
    RuleWarner(server_).Warn(rule);
    if (rule.warnings().empty()) return {};
    EXPECT_EQ(rule.warnings_size(), 1);
    EXPECT_EQ(rule.warnings(0).code(), Warning::MOUNT_FD_DONATED);
    EXPECT_EQ(rule.warnings(0).connection_count(),
              rule.warnings(0).connections_size());
    return {rule.warnings(0).connections().begin(),
            rule.warnings(0).connections().end()};
  }

  model::ServerRecord server_;
};

TEST_F(EscapesTest, ARuleNamesThoseThatHoldTheirMountsFdOrMayGetIt) {
  Add("held", Connection::DONATED);
  Add("later", Connection::POSSIBLE);
  Add("never", Connection::WITHHELD);
  Add("ended", Connection::DONATED).set_state(Connection::CLOSED);
  EXPECT_THAT(
      Escaping(Fault({admin::MID_MKDIR_AT})),
      ElementsAre("servers/a/connections/held", "servers/a/connections/later"));
}

TEST_F(EscapesTest, WhatAClientBeginsWithIsSeen) {
  Add("held", Connection::DONATED);
  EXPECT_THAT(Escaping(Fault({admin::MID_MOUNT, admin::MID_CHANNEL})),
              IsEmpty());
  EXPECT_THAT(Escaping(Fault({admin::MID_MOUNT, admin::MID_MKDIR_AT})),
              ElementsAre("servers/a/connections/held"));
}

TEST_F(EscapesTest, ARuleConcernsTheConnectionsThatItMatches) {
  Add("one", Connection::DONATED);
  Add("two", Connection::DONATED);
  HandlerRule rule = Fault({admin::MID_MKDIR_AT});
  rule.mutable_match()->set_connection("servers/a/connections/two");
  EXPECT_THAT(Escaping(rule), ElementsAre("servers/a/connections/two"));
  rule.mutable_match()->clear_connection();
  rule.mutable_match()->set_mount_path_glob("/data/o*");
  EXPECT_THAT(Escaping(rule), ElementsAre("servers/a/connections/one"));
  rule.mutable_match()->set_mount_path_glob("/elsewhere");
  EXPECT_THAT(Escaping(rule), IsEmpty());
}

TEST_F(EscapesTest, RefusingDonationComesTooLateForThoseThatHoldIt) {
  Add("held", Connection::DONATED);
  Add("later", Connection::POSSIBLE);
  HandlerRule rule;
  rule.mutable_refuse_fd_donation();
  EXPECT_THAT(Escaping(rule), ElementsAre("servers/a/connections/held"));
}

TEST_F(EscapesTest, ARuleAboutDataWarnsOfBothWays) {
  Add("held", Connection::DONATED);
  Add("files", Connection::WITHHELD)
      .mutable_options()
      ->set_donate_host_fds(admin::ConnectionOptions::FILES);
  HandlerRule rule = Fault({admin::MID_PREAD});
  RuleWarner(server_).Warn(rule);
  ASSERT_EQ(rule.warnings_size(), 2);
  EXPECT_EQ(rule.warnings(0).code(), Warning::DONATED_HOST_FDS);
  EXPECT_EQ(rule.warnings(0).connection_count(), 2);
  EXPECT_EQ(rule.warnings(1).code(), Warning::MOUNT_FD_DONATED);
  EXPECT_THAT(rule.warnings(1).connections(),
              ElementsAre("servers/a/connections/held"));
}

TEST_F(EscapesTest, NamesAreBoundedAndTheirNumberIsTold) {
  for (int i = 0; i < 20; ++i) {
    Add(absl::StrCat("c", 10 + i), Connection::DONATED);
  }
  const Warnings warnings = WarningsOfTable(server_);
  ASSERT_EQ(warnings.size(), 1);
  EXPECT_EQ(warnings[0].connections_size(), 16);
  EXPECT_EQ(warnings[0].connections(0), "servers/a/connections/c10");
  EXPECT_EQ(warnings[0].connection_count(), 20);
  const absl::Status refused = CheckNoEscapes("the table", warnings);
  EXPECT_EQ(errors::ReasonOf(refused), errors::Reason::ESCAPED_BY_CONNECTIONS);
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()),
              HasSubstr("servers/a/connections/c25 and 4 more)"));
}

// Clients see 1024 bytes of a text at most.
TEST_F(EscapesTest, AdviceComesBeforeTheNames) {
  for (int i = 0; i < 20; ++i) {
    Add(absl::StrCat(std::string(60, 'c'), 10 + i), Connection::DONATED);
  }
  const std::string text(
      CheckNoEscapes("the table", WarningsOfTable(server_)).message());
  EXPECT_GT(text.size(), 1024u);
  EXPECT_THAT(text.substr(0, 1024),
              AllOf(HasSubstr("20 connections would escape it"),
                    HasSubstr("the annotation dev.goferd.directfs=off")));
}

TEST_F(EscapesTest, RefusalTellsOfAllWarnings) {
  Add("held", Connection::DONATED);
  Add("files", Connection::WITHHELD)
      .mutable_options()
      ->set_donate_host_fds(admin::ConnectionOptions::FILES);
  HandlerRule rule = Fault({admin::MID_PREAD});
  RuleWarner(server_).Warn(rule);
  const auto info = MetadataOf(CheckNoEscapes("a rule", rule.warnings()));
  EXPECT_EQ(info.at("warnings"), "DONATED_HOST_FDS,MOUNT_FD_DONATED");
  EXPECT_EQ(info.at("connections"),
            "servers/a/connections/files,servers/a/connections/held");
  EXPECT_EQ(info.at("count"), "2");
}

TEST_F(EscapesTest, LimitsOfWhatTheGoferUsesAreEscaped) {
  Add("held", Connection::DONATED);
  admin::Server before;
  admin::Server after;
  after.mutable_limits()->set_max_connections(3);
  EXPECT_THAT(WarningsOfUpdate(server_, before, after), IsEmpty());
  after.mutable_limits()->set_max_fds(100);
  EXPECT_EQ(WarningsOfUpdate(server_, before, after).size(), 1);
}

TEST_F(EscapesTest, NewDefaultOptionsDoNotReachThoseThatHoldTheirMountsFd) {
  admin::Server before;
  admin::Server after;
  after.mutable_default_connection_options()->set_donate_host_fds(
      admin::ConnectionOptions::NO_FDS);
  EXPECT_THAT(WarningsOfUpdate(server_, before, after), IsEmpty());
  Add("held", Connection::DONATED);
  Add("never", Connection::WITHHELD);
  const Warnings warnings = WarningsOfUpdate(server_, before, after);
  ASSERT_EQ(warnings.size(), 1);
  EXPECT_THAT(warnings[0].connections(),
              ElementsAre("servers/a/connections/held"));
  EXPECT_THAT(warnings[0].message(), HasSubstr("that start later"));
}

TEST_F(EscapesTest, StartTellsWhatTheConnectionWillEscape) {
  const Connection& later = Add("later", Connection::POSSIBLE);
  admin::ConnectionOptions options;
  options.set_readonly(true);
  EXPECT_THAT(WarningsOfStart(server_, options, later), IsEmpty());
  options.set_max_fds(100);
  server_.overrides.rules["r"].resource = Fault({admin::MID_MKDIR_AT});
  server_.overrides.rules["s"].resource = Fault({admin::MID_MOUNT});
  server_.overrides.assignments.emplace_back();
  const Warnings warnings = WarningsOfStart(server_, options, later);
  ASSERT_EQ(warnings.size(), 1);
  EXPECT_THAT(warnings[0].message(),
              HasSubstr("max_fds, the server's handlers, 1 of its rules; "));
  EXPECT_THAT(warnings[0].connections(),
              ElementsAre("servers/a/connections/later"));
  EXPECT_THAT(
      WarningsOfStart(server_, options, Add("never", Connection::WITHHELD)),
      IsEmpty());
}

TEST_F(EscapesTest, ADrainIsBlindForFilesOfThoseThatHoldTheirMountsFd) {
  const Connection& held = Add("held", Connection::DONATED);
  const Connection& later = Add("later", Connection::POSSIBLE);
  const Warnings warnings = WarningsOfDrain(server_);
  ASSERT_EQ(warnings.size(), 1);
  EXPECT_THAT(warnings[0].connections(),
              ElementsAre("servers/a/connections/held"));
  EXPECT_EQ(WarningsOfDrain(held).size(), 1);
  EXPECT_THAT(WarningsOfDrain(later), IsEmpty());
}

TEST_F(EscapesTest, NoWarningRefusesNothing) {
  Add("never", Connection::WITHHELD);
  EXPECT_TRUE(CheckNoEscapes("the table", WarningsOfTable(server_)).ok());
}

}  // namespace
}  // namespace goferd::supervisor
