// Gofers that live when goferd comes, and that lie, hang or hang up.

#include "tests/unit/controlplane/gofers/lying_gofer.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "controlplane/config/defaults.h"
#include "controlplane/errors/error.h"
#include "controlplane/model/connection_counts.h"
#include "controlplane/model/event_log.h"
#include "controlplane/model/model.h"
#include "controlplane/process/gofer_process.h"
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
#include "goferd/state/v1/state.pb.h"

namespace goferd::gofers {
namespace {

namespace admin = goferd::admin::v1;

using errors::Reason;
using errors::ReasonOf;
using Manner = LyingGofer::Manner;
using Server = admin::Server;
using std::chrono::steady_clock;

constexpr auto kPatience = std::chrono::seconds(20);
// The timeout for gofers that do not answer.
constexpr absl::Duration kShort = absl::Milliseconds(400);

worker::v1::Connection MakeConnection(const std::string& id) {
  worker::v1::Connection connection;
  connection.set_uid("uid-" + id);
  connection.set_connection_id(id);
  connection.set_mount_path("/");
  connection.set_state(wire::CONNECTION_STATE_MOUNTED);
  return connection;
}

// A state directory with one server, "web", whose process is a child that
// sleeps, and whose control socket is the test's.
class LyingGoferTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "lying-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    base_ = pattern;
    for (const char* name : {"/tree", "/state", "/state/servers",
                             "/state/adopted", "/state/servers/web"}) {
      ASSERT_EQ(::mkdir((base_ + name).c_str(), 0700), 0);
    }
    char sleep[] = "sleep";
    char long_time[] = "1000";
    char* arguments[] = {sleep, long_time, nullptr};
    ASSERT_EQ(
        ::posix_spawnp(&pid_, sleep, nullptr, nullptr, arguments, environ), 0);
    const auto process = process::GoferProcess::AdoptPeer(pid_);
    ASSERT_TRUE(process.ok()) << process.status();
    Write("pid", (*process)->IdentityText());
    worker::v1::Bootstrap bootstrap;
    bootstrap.set_daemon_data(Kept().SerializeAsString());
    Write("bootstrap.pb", bootstrap.SerializeAsString());
    gofer_ = std::make_unique<LyingGofer>(Path("control.sock"));
  }
  void TearDown() override {
    supervisor_.reset();
    gofer_.reset();
    KillProcess();
    std::filesystem::remove_all(base_);
  }

  void KillProcess() {
    if (pid_ == 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

  state::v1::ServerState Kept() const {
    state::v1::ServerState kept;
    Server& server = *kept.mutable_server();
    server.set_name("servers/web");
    server.set_uid("0b9f2a1e-0000-4000-8000-000000000001");
    server.set_root(base_ + "/tree");
    server.set_origin(Server::CREATED);
    server.set_sandbox_mode(Server::FULL);
    server.set_restart_policy(Server::ON_FAILURE);
    server.mutable_limits()->set_max_connections(64);
    (*server.mutable_labels())["tenant"] = "a";
    kept.set_resolved_root(base_ + "/tree");
    return kept;
  }

  std::string Path(const std::string& name) const {
    return base_ + "/state/servers/web/" + name;
  }
  void Write(const std::string& name, const std::string& bytes) const {
    std::ofstream(Path(name), std::ios::binary) << bytes;
  }

  void Start() {
    supervisor_.reset();
    config::v1::DaemonConfig config;
    config.set_state_directory(base_ + "/state");
    config.add_allowed_roots(base_ + "/tree");
    config.set_gofer_path("/bin/false");
    config.MergeFrom(changes_);
    *config.mutable_servers()->mutable_control_timeout() =
        translate::ToProto(timeout_);
    config::FillDefaults(config::Environment::OfThisProcess(), config);
    auto started = supervisor::Supervisor::Start(config);
    ASSERT_TRUE(started.ok()) << started.status();
    supervisor_ = *std::move(started);
  }

  Server Get() {
    auto server = supervisor_->servers().Get("web");
    EXPECT_TRUE(server.ok()) << server.status();
    return server.ok() ? *server : Server();
  }
  // Waits for events until the server has this state.
  void Await(Server::State state) {
    const auto end = steady_clock::now() + kPatience;
    while (Get().state() != state) {
      ASSERT_LT(steady_clock::now(), end) << Server::State_Name(Get().state());
      std::this_thread::yield();
    }
  }
  int64_t CountEvents(int64_t after,
                      const std::function<bool(const admin::Event&)>& which) {
    int64_t count = 0;
    for (const auto& event : supervisor_->events().Read(after, 1000).events) {
      if (which(*event)) ++count;
    }
    return count;
  }
  // Tries again while goferd still works on the change that it has published.
  absl::Status Delete(supervisor::Force force) {
    const auto end = steady_clock::now() + kPatience;
    absl::Status status;
    do {
      status = supervisor_->servers().Delete("web", "", force,
                                             supervisor::Effect::kReal);
    } while (ReasonOf(status) == Reason::OPERATION_PENDING &&
             steady_clock::now() < end);
    return status;
  }
  absl::Status Ask() {
    return supervisor_->statistics()
        .GetStats(names::ServerScope("web"), std::nullopt)
        .status();
  }

  absl::Duration timeout_ = absl::Seconds(20);
  // Changes of the configuration.
  config::v1::DaemonConfig changes_;
  std::string base_;
  pid_t pid_ = 0;
  std::unique_ptr<LyingGofer> gofer_;
  std::unique_ptr<supervisor::Supervisor> supervisor_;
};

TEST_F(LyingGoferTest, IgnoresAForgedRootAndSandboxMode) {
  state::v1::ServerState forged = Kept();
  forged.set_resolved_root("/");
  forged.mutable_server()->set_root("/");
  forged.mutable_server()->set_sandbox_mode(Server::UNCONFINED);
  forged.mutable_server()->set_origin(Server::ADOPTED);
  forged.mutable_server()->mutable_limits()->set_max_memory_bytes(1 << 30);
  gofer_->Edit([&](wire::AdoptResult& adopt) {
    adopt.set_root("/");
    adopt.set_sandbox_mode(wire::SANDBOX_MODE_UNCONFINED);
    adopt.set_daemon_data(forged.SerializeAsString());
  });
  Start();
  Await(Server::ACTIVE);
  const Server server = Get();
  EXPECT_EQ(server.root(), base_ + "/tree");
  EXPECT_EQ(server.sandbox_mode(), Server::FULL);
  EXPECT_EQ(server.origin(), Server::CREATED);
  EXPECT_EQ(server.limits().max_memory_bytes(), 0);
  EXPECT_EQ(server.labels().at("tenant"), "a");
  EXPECT_EQ(server.gofer_pid(), pid_);
}

TEST_F(LyingGoferTest, DoesNotAdoptAHundredThousandConnections) {
  gofer_->Edit([](wire::AdoptResult& adopt) {
    for (int i = 0; i < 100'000; ++i) {
      *adopt.add_connections() = MakeConnection(absl::StrCat("c", i));
    }
  });
  Start();
  Await(Server::UNREACHABLE);
  EXPECT_EQ(supervisor_->connections().Count(names::ServerScope("-"))->active(),
            0);
  EXPECT_EQ(Get().active_connection_count(), 0);
}

// This is no lie: the limits were higher when the connections were made.
TEST_F(LyingGoferTest, AdoptsMoreConnectionsThanTheLimitsOfNow) {
  auto& servers = *changes_.mutable_servers();
  servers.set_max_handler_rules(1);
  servers.mutable_max_limits()->set_max_connections(1);
  servers.mutable_default_limits()->set_max_connections(1);
  constexpr int kConnections = 65;  // The server's own limit is 64.
  gofer_->Edit([](wire::AdoptResult& adopt) {
    for (int i = 0; i < kConnections; ++i) {
      *adopt.add_connections() = MakeConnection(absl::StrCat("c", i));
    }
    for (int i = 0; i < 2; ++i) {
      adopt.add_rules()->set_uid(absl::StrCat("r", i));
      adopt.mutable_rules(i)->set_rule_id(absl::StrCat("r", i));
    }
  });
  Start();
  Await(Server::ACTIVE);
  EXPECT_EQ(
      supervisor_->connections().Count(names::ServerScope("web"))->active(),
      kConnections);
}

TEST_F(LyingGoferTest, LeavesOutImpossibleConnections) {
  gofer_->Edit([](wire::AdoptResult& adopt) {
    *adopt.add_connections() = MakeConnection("good");
    *adopt.add_connections() = MakeConnection("../../web");
    *adopt.add_connections() = MakeConnection(std::string(64, 'x'));
    *adopt.add_connections() = MakeConnection("good");
    *adopt.add_connections() = MakeConnection("long");
    adopt.mutable_connections(4)->set_mount_path("/" + std::string(4095, 'x'));
    *adopt.add_connections() = MakeConnection("no-uid");
    adopt.mutable_connections(5)->clear_uid();
  });
  Start();
  Await(Server::ACTIVE);
  EXPECT_EQ(
      supervisor_->connections().Count(names::ServerScope("web"))->active(), 1);
  EXPECT_TRUE(supervisor_->connections().Get("web", "good").ok());
}

TEST_F(LyingGoferTest, CutsTextsBetweenCharacters) {
  const std::string cut = std::string(1023, 'x') + "\xC3\xA9";
  gofer_->Edit([&](wire::AdoptResult& adopt) {
    auto& bootstrap = *adopt.mutable_bootstrap();
    bootstrap.mutable_party()->set_release(cut.substr(1023 - 63));
    bootstrap.add_sandbox_steps(cut.substr(1023 - 63));
    bootstrap.add_sandbox_steps("a\nb");
    *adopt.add_connections() = MakeConnection("ended");
    adopt.mutable_connections(0)->set_state(wire::CONNECTION_STATE_ENDED);
    adopt.mutable_connections(0)->set_end_reason(wire::END_REASON_QUOTA);
    adopt.mutable_connections(0)->set_end_detail(cut);
    *adopt.add_connections() = MakeConnection("live");
  });
  Start();
  Await(Server::ACTIVE);
  wire::Event event;
  auto& condition = *event.mutable_condition_changed();
  condition.set_connection_uid("uid-live");
  condition.set_type(wire::ConditionChanged::FD_PRESSURE);
  condition.set_active(true);
  condition.set_message(cut);
  gofer_->Emit(event);
  const auto end = steady_clock::now() + kPatience;
  while (supervisor_->connections().Get("web", "live")->conditions().empty()) {
    ASSERT_LT(steady_clock::now(), end);
    std::this_thread::yield();
  }
  // A caller must be able to parse the answer.
  EXPECT_TRUE(Server().ParseFromString(Get().SerializeAsString()));
  EXPECT_EQ(Get().gofer_version(), std::string(63, 'x'));
  EXPECT_EQ(Get().sandbox_steps(1), "a?b");
  for (const char* id : {"ended", "live"}) {
    EXPECT_TRUE(admin::Connection().ParseFromString(
        supervisor_->connections().Get("web", id)->SerializeAsString()));
  }
}

TEST_F(LyingGoferTest, ASilentGoferIsUnreachableUntilItAnswers) {
  timeout_ = kShort;
  gofer_->SetManner(Manner::kSilent);
  gofer_->Edit([](wire::AdoptResult& adopt) {
    *adopt.add_connections() = MakeConnection("c1");
  });
  Start();
  Server spec;
  spec.set_root(base_ + "/tree");
  EXPECT_EQ(ReasonOf(supervisor_->servers()
                         .Create("web", spec, supervisor::Effect::kReal, {})
                         .status()),
            Reason::SERVER_ALREADY_EXISTS);
  Await(Server::UNREACHABLE);
  EXPECT_EQ(Get().gofer_pid(), pid_);
  EXPECT_TRUE(std::filesystem::exists(Path("control.sock")));
  EXPECT_EQ(ReasonOf(Delete(supervisor::Force::kNo)),
            Reason::GOFER_UNREACHABLE);
  gofer_->SetManner(Manner::kHonest);
  Await(Server::ACTIVE);
  EXPECT_EQ(
      supervisor_->connections().Count(names::ServerScope("web"))->active(), 1);
}

TEST_F(LyingGoferTest, ForceKillsASilentGofer) {
  timeout_ = kShort;
  gofer_->SetManner(Manner::kSilent);
  Start();
  Await(Server::UNREACHABLE);
  EXPECT_TRUE(Delete(supervisor::Force::kYes).ok());
  siginfo_t info = {};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED), 0);
  pid_ = 0;
  EXPECT_EQ(info.si_status, SIGKILL);
  EXPECT_FALSE(std::filesystem::exists(base_ + "/state/servers/web"));
}

TEST_F(LyingGoferTest, PausesDoubleForAGoferThatHangsUpAfterEachAdoption) {
  gofer_->SetManner(Manner::kFickle);
  Start();
  const auto times = gofer_->AwaitAdoptions(8);
  // The pauses double: the second has 20 ms, so that the sixth has 320 ms.
  EXPECT_GT(times[7] - times[6], std::chrono::milliseconds(300));
  EXPECT_GT(times[6] - times[5], std::chrono::milliseconds(150));
}

TEST_F(LyingGoferTest, AGoferOfAnotherVersionFailsAndIsLeftAlone) {
  gofer_->SetManner(Manner::kIncompatible);
  Start();
  Await(Server::FAILED);
  EXPECT_EQ(Get().failure().reason(), admin::ServerFailure::INCOMPATIBLE);
  EXPECT_EQ(Get().gofer_pid(), pid_);
  EXPECT_EQ(ReasonOf(Delete(supervisor::Force::kNo)),
            Reason::GOFER_UNREACHABLE);
  EXPECT_EQ(::kill(pid_, 0), 0);
}

TEST_F(LyingGoferTest, AdoptsAServerWhoseFileCannotBeRead) {
  Write("bootstrap.pb", "\xFF\xFF\xFF");
  gofer_->Edit([](wire::AdoptResult& adopt) {
    adopt.set_root("/");
    *adopt.add_connections() = MakeConnection("c1");
  });
  Start();
  Await(Server::ACTIVE);
  EXPECT_EQ(Get().restart_policy(), Server::NEVER);
  EXPECT_EQ(Get().root(), "");
  EXPECT_EQ(
      supervisor_->connections().Count(names::ServerScope("web"))->active(), 1);
  EXPECT_TRUE(std::filesystem::exists(Path("control.sock")));
}

TEST_F(LyingGoferTest, ADeadGoferFailsItsServer) {
  gofer_.reset();
  KillProcess();
  Start();
  Await(Server::FAILED);
}

TEST_F(LyingGoferTest, ASilentGoferIsNotAskedUntilItHasAnswered) {
  timeout_ = kShort;
  gofer_->Edit([](wire::AdoptResult& adopt) {
    *adopt.add_connections() = MakeConnection("c1");
  });
  Start();
  Await(Server::ACTIVE);
  ASSERT_TRUE(Ask().ok());
  gofer_->SetManner(Manner::kSilent);
  EXPECT_EQ(ReasonOf(Ask()), Reason::GOFER_UNREACHABLE);
  Await(Server::UNREACHABLE);
  // Nobody asks it again before it has answered.
  const auto any = [](const wire::ToGofer&) { return true; };
  const size_t asked = gofer_->CountRequests(any);
  EXPECT_EQ(ReasonOf(Ask()), Reason::GOFER_UNREACHABLE);
  EXPECT_EQ(gofer_->CountRequests(any), asked);
  const int64_t before = supervisor_->events().revision();
  gofer_->SetManner(Manner::kHonest);
  Await(Server::ACTIVE);
  EXPECT_TRUE(Ask().ok());
  EXPECT_EQ(
      supervisor_->connections().Count(names::ServerScope("web"))->active(), 1);
  EXPECT_EQ(CountEvents(before,
                        [](const admin::Event& event) {
                          return event.has_connection();
                        }),
            0)
      << "nothing happened to it";
}

class ReconnectionTest : public LyingGoferTest {
 protected:
  void Reconnect() {
    const size_t adoptions = gofer_->AwaitAdoptions(1).size();
    gofer_->HangUp();
    gofer_->AwaitAdoptions(adoptions + 1);
    Await(Server::ACTIVE);
  }
  supervisor::StartedConnection Connect(const std::string& id) {
    supervisor::ConnectionSpec spec;
    spec.server_id = "web";
    spec.connection_id = id;
    spec.mount_path = "/";
    auto started =
        supervisor_->connections().Start({spec}, supervisor::Effect::kReal);
    EXPECT_TRUE(started.ok()) << started.status();
    return started.ok() ? started->front() : supervisor::StartedConnection();
  }
  Reason Claim(const supervisor::StartedConnection& started) {
    return ReasonOf(supervisor_->attachments()
                        .ClaimTickets({started.ticket->ticket()}, {},
                                      admin::ATTACH_MODE_TAKE)
                        .status());
  }
};

TEST_F(ReconnectionTest, KeepsFaults) {
  Start();
  Await(Server::ACTIVE);
  supervisor::RuleSpec spec;
  spec.rule_id = "slow";
  spec.rule.mutable_error()->set_code("EIO");
  spec.rule.set_permanent(true);
  ASSERT_TRUE(supervisor_->rules()
                  .Upsert("web", {spec}, supervisor::Existing::kReplace,
                          supervisor::Effect::kReal, supervisor::Escapes::kWarn)
                  .ok());
  const int64_t before = supervisor_->events().revision();
  Reconnect();
  EXPECT_TRUE(supervisor_->rules().Get("web", "slow").ok());
  EXPECT_EQ(CountEvents(before,
                        [](const admin::Event& event) {
                          return event.has_handler_rule();
                        }),
            0);
  EXPECT_EQ(gofer_->CountRequests([](const wire::ToGofer& request) {
    return request.change_rules().remove_uids_size() > 0;
  }),
            0u);
}

TEST_F(ReconnectionTest, DoesNotReviveATicketThatWasRenewed) {
  Start();
  Await(Server::ACTIVE);
  const supervisor::StartedConnection first = Connect("c1");
  const auto renewed = supervisor_->connections().RenewTicket(
      "web", "c1", first.connection.uid());
  ASSERT_TRUE(renewed.ok()) << renewed.status();
  Reconnect();
  EXPECT_EQ(Claim(first), Reason::TICKET_INVALID);
  EXPECT_NE(Claim(*renewed), Reason::TICKET_INVALID);
}

TEST_F(ReconnectionTest, RemovesConnectionsAndRulesThatGoferdDoesNotKnow) {
  Start();
  Await(Server::ACTIVE);
  gofer_->Edit([](wire::AdoptResult& adopt) {
    *adopt.add_connections() = MakeConnection("stray");
    auto& rule = *adopt.add_rules();
    rule.set_uid("uid-forged");
    rule.set_rule_id("forged");
  });
  Reconnect();
  EXPECT_EQ(
      supervisor_->connections().Count(names::ServerScope("web"))->active(), 0);
  EXPECT_FALSE(supervisor_->rules().Get("web", "forged").ok());
  EXPECT_EQ(gofer_->CountRequests([](const wire::ToGofer& request) {
    return request.stop_connection().uid() == "uid-stray";
  }),
            1u);
  EXPECT_EQ(gofer_->CountRequests([](const wire::ToGofer& request) {
    return request.change_rules().remove_uids_size() == 1 &&
           request.change_rules().remove_uids(0) == "uid-forged";
  }),
            1u);
}

TEST_F(ReconnectionTest, EndsConnectionsThatTheGoferHasForgotten) {
  gofer_->Edit([](wire::AdoptResult& adopt) {
    *adopt.add_connections() = MakeConnection("c1");
  });
  Start();
  Await(Server::ACTIVE);
  gofer_->Edit([](wire::AdoptResult& adopt) { adopt.clear_connections(); });
  Reconnect();
  EXPECT_EQ(supervisor_->connections().Get("web", "c1")->state(),
            admin::Connection::FAILED);
}

TEST_F(ReconnectionTest, KeepsTheEndTimeOfAConnection) {
  const absl::Time end = absl::Now() - absl::Minutes(5);
  gofer_->Edit([&](wire::AdoptResult& adopt) {
    *adopt.add_connections() = MakeConnection("c1");
    adopt.mutable_connections(0)->set_state(wire::CONNECTION_STATE_ENDED);
    adopt.mutable_connections(0)->set_end_reason(wire::END_REASON_CLIENT_EOF);
    adopt.mutable_connections(0)->set_end_unix_ns(absl::ToUnixNanos(end));
  });
  for (int i = 0; i < 2; ++i) {
    Start();
    Await(Server::ACTIVE);
    const auto connection = supervisor_->connections().Get("web", "c1");
    ASSERT_TRUE(connection.ok());
    EXPECT_EQ(absl::ToUnixNanos(translate::ToTime(connection->end_time())),
              absl::ToUnixNanos(end));
  }
}

TEST_F(ReconnectionTest, SendsPoliciesOfTheOverridesFileToTheGofer) {
  state::v1::Overrides overrides;
  auto& rule = *overrides.add_rules();
  rule.set_name("servers/web/handlerRules/closed");
  rule.set_uid("uid-closed");
  rule.mutable_readonly();
  rule.set_permanent(true);
  Write("overrides.pb", overrides.SerializeAsString());
  // The gofer says that it has no rules.
  Start();
  Await(Server::ACTIVE);
  EXPECT_TRUE(supervisor_->rules().Get("web", "closed").ok());
  EXPECT_EQ(gofer_->CountRequests([](const wire::ToGofer& request) {
    return request.change_rules().upsert_size() == 1 &&
           request.change_rules().upsert(0).uid() == "uid-closed";
  }),
            1u);
}

TEST_F(ReconnectionTest, KeepsAChangeWithoutTheGofer) {
  Start();
  Await(Server::ACTIVE);
  const auto updated = supervisor_->servers().Update(
      "web", "", supervisor::Effect::kReal, supervisor::Escapes::kWarn,
      [](Server& server) {
        (*server.mutable_labels())["tenant"] = "b";
        return absl::OkStatus();
      });
  ASSERT_TRUE(updated.ok()) << updated.status();
  Start();
  Await(Server::ACTIVE);
  EXPECT_EQ(Get().labels().at("tenant"), "b");
}

}  // namespace
}  // namespace goferd::gofers
