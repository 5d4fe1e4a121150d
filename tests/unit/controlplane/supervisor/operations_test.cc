// The supervisor's methods, with a FakeGofer.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "controlplane/config/defaults.h"
#include "controlplane/errors/error.h"
#include "controlplane/model/connection_counts.h"
#include "controlplane/model/event_log.h"
#include "controlplane/supervisor/attachments.h"
#include "controlplane/supervisor/connection_spec.h"
#include "controlplane/supervisor/connections.h"
#include "controlplane/supervisor/handlers.h"
#include "controlplane/supervisor/rule_spec.h"
#include "controlplane/supervisor/rules.h"
#include "controlplane/supervisor/servers.h"
#include "controlplane/supervisor/statistics.h"
#include "controlplane/supervisor/stats_lists.h"
#include "controlplane/supervisor/supervisor.h"
#include "controlplane/tickets/attach_claim.h"
#include "controlplane/translate/time_conversion.h"
#include "google/rpc/error_details.pb.h"
#include "server/uds/unix_socket.h"
#include "tests/unit/controlplane/gofers/fake_gofer.h"

namespace goferd::supervisor {
namespace {

namespace wire = gofers::wire;
using gofers::FakeGofer;

using errors::Reason;
using errors::ReasonOf;
using testing::ElementsAre;

wire::AdoptResult WhatItIs(const std::vector<wire::Capability>& capabilities) {
  wire::AdoptResult adopt;
  auto& party = *adopt.mutable_bootstrap()->mutable_party();
  party.set_min_protocol_version(2);
  party.set_max_protocol_version(2);
  for (const auto capability : capabilities) {
    party.add_capabilities(capability);
  }
  for (const uint32_t mid : {admin::MID_FSTAT, admin::MID_PREAD}) {
    adopt.mutable_bootstrap()->add_supported_mids(mid);
  }
  adopt.set_root("/tree");
  adopt.mutable_limits()->set_max_connections(8);
  adopt.mutable_limits()->set_max_fds(100);
  adopt.set_sandbox_mode(wire::SANDBOX_MODE_FULL);
  return adopt;
}

std::vector<std::string> FieldsIn(const absl::Status& status) {
  google::rpc::BadRequest request;
  const auto payload =
      status.GetPayload("type.googleapis.com/google.rpc.BadRequest");
  std::vector<std::string> fields;
  if (!payload || !request.ParseFromString(std::string(*payload))) {
    return fields;
  }
  for (const auto& violation : request.field_violations()) {
    fields.push_back(violation.field());
  }
  return fields;
}

RuleSpec RuleWith(const std::string& id, std::vector<admin::Mid> mids = {},
                  const std::string& etag = "") {
  RuleSpec spec{id, {}, etag};
  spec.rule.mutable_observe();
  spec.rule.set_permanent(true);
  for (const admin::Mid mid : mids) spec.rule.mutable_match()->add_mids(mid);
  return spec;
}

// The supervisor of these tests has one adopted server, "a".
class OperationsTest : public testing::Test {
 protected:
  explicit OperationsTest(const std::vector<wire::Capability>& capabilities = {
                              wire::CAPABILITY_NEW_CONNECTIONS,
                              wire::CAPABILITY_HANDLER_SWAP,
                              wire::CAPABILITY_RULES, wire::CAPABILITY_STATS}) {
    std::string pattern = testing::TempDir() + "operations-XXXXXX";
    base_ = ::mkdtemp(pattern.data());
    for (const char* directory : {"/state", "/state/adopted"}) {
      EXPECT_EQ(::mkdir((base_ + directory).c_str(), 0700), 0);
    }
    const std::string directory = base_ + "/state/adopted/a";
    EXPECT_EQ(::mkdir(directory.c_str(), 0700), 0);
    gofer_.emplace(directory + "/control.sock", WhatItIs(capabilities));
    config_.set_state_directory(base_ + "/state");
    config::FillDefaults({"node", "/bin", "", 0}, config_);
    Restart();
  }
  ~OperationsTest() override {
    supervisor_.reset();
    gofer_.reset();
    std::filesystem::remove_all(base_);
  }

  void Restart() {
    supervisor_.reset();
    auto supervisor = Supervisor::Start(config_);
    ASSERT_TRUE(supervisor.ok()) << supervisor.status();
    supervisor_ = *std::move(supervisor);
    AwaitState(admin::Server::ACTIVE);
  }
  void AwaitState(admin::Server::State state) {
    const auto is_so = [&] {
      const auto server = supervisor_->servers().Get("a");
      return server.ok() && server->state() == state;
    };
    while (!is_so()) std::this_thread::yield();
  }
  absl::StatusOr<admin::Server> Update(
      absl::FunctionRef<void(admin::Server&)> change) {
    return supervisor_->servers().Update("a", "", Effect::kReal, Escapes::kWarn,
                                         [&](admin::Server& server) {
                                           change(server);
                                           return absl::OkStatus();
                                         });
  }
  absl::StatusOr<StartedConnection> Start(
      const std::string& id, const std::string& mount_path = "/",
      absl::Duration ttl = absl::ZeroDuration()) {
    ConnectionSpec spec;
    spec.server_id = "a";
    spec.connection_id = id;
    spec.mount_path = mount_path;
    spec.ticket_ttl = ttl;
    auto started = supervisor_->connections().Start({spec}, Effect::kReal);
    if (!started.ok()) return started.status();
    return started->front();
  }
  absl::StatusOr<std::vector<admin::HandlerRule>> Upsert(
      const std::vector<RuleSpec>& rules,
      Existing existing = Existing::kReplace,
      Escapes escapes = Escapes::kWarn) {
    return supervisor_->rules().Upsert("a", rules, existing, Effect::kReal,
                                       escapes);
  }

  std::string base_;
  config::v1::DaemonConfig config_;
  std::optional<FakeGofer> gofer_;
  std::unique_ptr<Supervisor> supervisor_;
};

TEST_F(OperationsTest, AnUpdateOfAnAdoptedServerSurvivesGoferd) {
  const auto updated = Update([](admin::Server& server) {
    (*server.mutable_labels())["tenant"] = "x";
    *server.mutable_expire_time() =
        translate::ToProto(absl::Now() + absl::Hours(1));
    server.mutable_default_connection_options()->set_max_fds(77);
  });
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_EQ(updated->limits().max_memory_bytes(), 0);
  EXPECT_TRUE(gofer_->Requests(wire::ToGofer::kSetLimits).empty());
  Restart();
  const auto server = supervisor_->servers().Get("a");
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_EQ(server->origin(), admin::Server::ADOPTED);
  EXPECT_EQ(server->uid(), updated->uid());
  EXPECT_EQ(server->labels().at("tenant"), "x");
  EXPECT_EQ(server->expire_time().seconds(), updated->expire_time().seconds());
  EXPECT_EQ(server->default_connection_options().max_fds(), 77);
  EXPECT_EQ(server->limits().max_fds(), 100);
}

TEST_F(OperationsTest,
       RefusesLimitsThatTheGoferCannotChangeAlsoWithValidateOnly) {
  for (const Effect effect : {Effect::kReal, Effect::kValidateOnly}) {
    const auto updated = supervisor_->servers().Update(
        "a", "", effect, Escapes::kWarn, [](admin::Server& server) {
          server.mutable_limits()->set_max_fds(200);
          return absl::OkStatus();
        });
    EXPECT_EQ(ReasonOf(updated.status()), Reason::GOFER_CAPABILITY_MISSING);
  }
}

TEST_F(OperationsTest, ARenewedTicketIsGoodForAsLong) {
  const auto started = Start("c", "/", absl::Minutes(9));
  ASSERT_TRUE(started.ok()) << started.status();
  const auto renewed = supervisor_->connections().RenewTicket(
      "a", "c", started->connection.uid());
  ASSERT_TRUE(renewed.ok() && renewed->ticket) << renewed.status();
  EXPECT_GE(translate::ToTime(renewed->ticket->expire_time()),
            translate::ToTime(started->ticket->expire_time()));
}

TEST_F(OperationsTest, ResettingAllIsOneRequest) {
  ASSERT_TRUE(Upsert({RuleWith("r1"), RuleWith("r2")}).ok());
  admin::HandlerAssignment assignment;
  assignment.set_mid(admin::MID_FSTAT);
  assignment.set_implementation("other");
  ASSERT_TRUE(supervisor_->handlers()
                  .Set("a", "", {assignment}, Effect::kReal, Escapes::kWarn)
                  .ok());
  const size_t changes = gofer_->Requests(wire::ToGofer::kChangeRules).size();
  const auto reset = supervisor_->handlers().Reset(
      "a", "", admin::ResetHandlersRequest::ALL, Effect::kReal);
  ASSERT_TRUE(reset.ok()) << reset.status();
  EXPECT_THAT(
      reset->removed_handler_rules(),
      ElementsAre("servers/a/handlerRules/r1", "servers/a/handlerRules/r2"));
  EXPECT_THAT(reset->changed_mids(),
              ElementsAre(admin::MID_FSTAT, admin::MID_PREAD));
  EXPECT_EQ(gofer_->Requests(wire::ToGofer::kChangeRules).size(), changes);
  EXPECT_EQ(gofer_->adopt().rules_size(), 0);
  EXPECT_TRUE(
      supervisor_->rules().List(names::ServerScope("a"))->rules.empty());
}

TEST_F(OperationsTest, AResetThatFailsLeavesTheRules) {
  ASSERT_TRUE(Upsert({RuleWith("r1")}).ok());
  ASSERT_TRUE(supervisor_->handlers()
                  .Set("a", "", {}, Effect::kReal, Escapes::kWarn)
                  .ok());
  gofer_->OnRequest([](const wire::ToGofer& request, wire::Response& response) {
    if (!request.has_set_handlers()) return;
    response.mutable_failure()->set_code(wire::Failure::WRONG_STATE);
  });
  EXPECT_FALSE(
      supervisor_->handlers()
          .Reset("a", "", admin::ResetHandlersRequest::ALL, Effect::kReal)
          .ok());
  EXPECT_EQ(supervisor_->rules().List(names::ServerScope("a"))->rules.size(),
            1u);
  EXPECT_EQ(gofer_->adopt().rules_size(), 1);
}

TEST_F(OperationsTest, NamesEveryUnknownMessageOfARule) {
  const auto batch = Upsert({RuleWith("r1", {admin::MID_FSTAT}),
                             RuleWith("r2", {admin::MID_PREAD, admin::MID_MOUNT,
                                             admin::MID_PWRITE})});
  EXPECT_EQ(ReasonOf(batch.status()), Reason::UNKNOWN_MID);
  EXPECT_THAT(FieldsIn(batch.status()),
              ElementsAre("handler_rules[1].match.mids[1]",
                          "handler_rules[1].match.mids[2]"));
  const auto one =
      Upsert({RuleWith("r1", {admin::MID_MOUNT})}, Existing::kRefuse);
  EXPECT_THAT(FieldsIn(one.status()),
              ElementsAre("handler_rule.match.mids[0]"));
}

TEST_F(OperationsTest, AnEtagOfARuleThatIsGoneDoesNotMatch) {
  const auto made = Upsert({RuleWith("r1")});
  ASSERT_TRUE(made.ok()) << made.status();
  const std::string etag = made->front().etag();
  ASSERT_TRUE(supervisor_->rules().Delete("a", "r1", "", Effect::kReal).ok());
  EXPECT_EQ(ReasonOf(Upsert({RuleWith("r1", {}, etag)}).status()),
            Reason::ETAG_MISMATCH);
  EXPECT_TRUE(Upsert({RuleWith("r1")}).ok());
}

TEST_F(OperationsTest, RefusesToListRequestsOfAMissingConnection) {
  ASSERT_TRUE(Start("c").ok());
  const auto list = [&](const char* server, const char* connection) {
    return ReasonOf(supervisor_->statistics()
                        .ListInflight(names::ServerScope(server),
                                      names::ConnectionScope(connection),
                                      absl::ZeroDuration())
                        .status());
  };
  EXPECT_EQ(list("a", "d"), Reason::CONNECTION_NOT_FOUND);
  EXPECT_EQ(list("b", "d"), Reason::SERVER_NOT_FOUND);
  EXPECT_EQ(list("a", "c"), Reason::ERROR_REASON_UNSPECIFIED);
  EXPECT_EQ(list("a", "-"), Reason::ERROR_REASON_UNSPECIFIED);
  EXPECT_EQ(list("-", "d"), Reason::ERROR_REASON_UNSPECIFIED);
}

TEST_F(OperationsTest, AnAttachmentThatCannotReachTheGoferEndsItsConnection) {
  const auto started = Start("c");
  ASSERT_TRUE(started.ok()) << started.status();
  const auto claims = supervisor_->attachments().ClaimTickets(
      {started->ticket->ticket()}, {}, admin::ATTACH_MODE_TAKE);
  ASSERT_TRUE(claims.ok()) << claims.status();
  // The gofer hangs up, and does not answer Adopt until the test allows it.
  std::atomic<bool> adopts = false;
  gofer_->OnRequest([&](const wire::ToGofer& request, wire::Response&) {
    while (request.has_adopt() && !adopts) std::this_thread::yield();
  });
  gofer_->HangUp();
  AwaitState(admin::Server::UNREACHABLE);
  EXPECT_EQ(
      ReasonOf(supervisor_->attachments().Attach(claims->front(), {}, {})),
      Reason::GOFER_UNREACHABLE);
  const auto connection = supervisor_->connections().Get("a", "c");
  EXPECT_EQ(connection->state(), admin::Connection::FAILED);
  EXPECT_EQ(connection->end_reason(), admin::Connection::INTERNAL_ERROR);
  // The gofer is told to stop the connection as soon as it can be reached.
  adopts = true;
  while (gofer_->Requests(wire::ToGofer::kStopConnection).empty()) {
    std::this_thread::yield();
  }
  EXPECT_EQ(gofer_->Requests(wire::ToGofer::kStopConnection)
                .front()
                .stop_connection()
                .uid(),
            connection->uid());
}

TEST_F(OperationsTest, WhatIsStrictIsRefusedBeforeTheGoferIsAsked) {
  ASSERT_TRUE(
      Update([](admin::Server& server) {
        server.mutable_default_connection_options()->set_donate_host_fds(
            admin::ConnectionOptions::FILES_AND_MOUNT_POINT);
      }).ok());
  const auto started = Start("c");
  ASSERT_TRUE(started.ok()) << started.status();
  EXPECT_EQ(started->connection.mount_fd(), admin::Connection::POSSIBLE);
  EXPECT_EQ(ReasonOf(Upsert({RuleWith("r1", {admin::MID_FSTAT})},
                            Existing::kReplace, Escapes::kRefuse)
                         .status()),
            Reason::ESCAPED_BY_CONNECTIONS);
  EXPECT_EQ(ReasonOf(supervisor_->handlers()
                         .Set("a", "", {}, Effect::kReal, Escapes::kRefuse)
                         .status()),
            Reason::ESCAPED_BY_CONNECTIONS);
  EXPECT_TRUE(gofer_->Requests(wire::ToGofer::kChangeRules).empty());
  EXPECT_TRUE(gofer_->Requests(wire::ToGofer::kSetHandlers).empty());
  EXPECT_TRUE(
      supervisor_->rules().List(names::ServerScope("a"))->rules.empty());
  const auto made = Upsert({RuleWith("r1", {admin::MID_FSTAT})});
  ASSERT_TRUE(made.ok()) << made.status();
  ASSERT_EQ(made->front().warnings_size(), 1);
  EXPECT_EQ(made->front().warnings(0).code(),
            admin::HandlerRule::Warning::MOUNT_FD_DONATED);
  const auto table =
      supervisor_->handlers().Set("a", "", {}, Effect::kReal, Escapes::kWarn);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(table->warnings_size(), 1);
}

TEST_F(OperationsTest, ARootMountThatIsBeingAttachedIsNotStoppedByAccident) {
  const auto started = Start("c");
  ASSERT_TRUE(started.ok()) << started.status();
  const auto claims = supervisor_->attachments().ClaimTickets(
      {started->ticket->ticket()}, {}, admin::ATTACH_MODE_TAKE);
  ASSERT_TRUE(claims.ok()) << claims.status();
  admin::StopConnectionRequest stop;
  Reason reason = Reason::ERROR_REASON_UNSPECIFIED;
  gofer_->OnRequest([&](const wire::ToGofer& request, wire::Response&) {
    if (!request.has_attach_connection()) return;
    reason = ReasonOf(supervisor_->connections().Stop("a", "c", stop).status());
  });
  auto pair = *gofer::uds::MakeSocketPair(gofer::uds::SocketType::kStream);
  ASSERT_TRUE(supervisor_->attachments()
                  .Attach(claims->front(), std::move(pair.first), {})
                  .ok());
  EXPECT_EQ(reason, Reason::SANDBOX_KILL_NOT_ACKNOWLEDGED);
}

}  // namespace
}  // namespace goferd::supervisor
