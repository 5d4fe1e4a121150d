#include <grpcpp/health_check_service_interface.h>
#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

#include "goferd/admin/v1/event_service.grpc.pb.h"
#include "goferd/admin/v1/server_service.grpc.pb.h"
#include "goferd/admin/v1/stats_service.grpc.pb.h"
#include "tests/unit/controlplane/service/grpc_fixture.h"

namespace goferd::service {
namespace {

admin::WaitServerRequest WaitFor(const std::string& name,
                                 admin::WaitServerRequest::Until until) {
  admin::WaitServerRequest request;
  request.set_name(name);
  request.set_until(until);
  return request;
}

class LiveCallsTest : public ::testing::Test {
 protected:
  void WaitUntilLive(size_t calls) {
    while (fixture_.streams.size() != calls) std::this_thread::yield();
  }

  GrpcFixture fixture_;
  std::unique_ptr<admin::ServerService::Stub> servers_ =
      admin::ServerService::NewStub(fixture_.channel);
};

TEST_F(LiveCallsTest, WaitReturnsWhenTheServerIsDeleted) {
  fixture_.AddServer("a");
  TestCall call;
  admin::Server server;
  grpc::Status status;
  std::thread waiter([&] {
    status = servers_->WaitServer(
        &call, WaitFor("servers/a", admin::WaitServerRequest::SERVER_ENDED),
        &server);
  });
  WaitUntilLive(1);
  EXPECT_TRUE(
      fixture_.supervisor.servers()
          .Delete("a", "", supervisor::Force::kYes, supervisor::Effect::kReal)
          .ok());
  waiter.join();
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(server.state(), admin::Server::STOPPED);
}

TEST_F(LiveCallsTest, WaitReturnsAlthoughANewGoferServesAtOnce) {
  fixture_.AddServer("a");
  TestCall call;
  admin::Server server;
  grpc::Status status;
  std::thread waiter([&] {
    status = servers_->WaitServer(
        &call, WaitFor("servers/a", admin::WaitServerRequest::SERVER_ENDED),
        &server);
  });
  WaitUntilLive(1);
  // The gofer died and was started anew before anybody looked.
  EXPECT_TRUE(fixture_.supervisor.servers()
                  .Update("a", "", supervisor::Effect::kReal,
                          supervisor::Escapes::kWarn,
                          [](admin::Server& changed) {
                            changed.set_restart_count(1);
                            return absl::OkStatus();
                          })
                  .ok());
  waiter.join();
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(server.restart_count(), 1);
}

TEST_F(LiveCallsTest, WaitForNoConnectionsReturnsAtOnceWithoutAny) {
  fixture_.AddServer("a");
  TestCall call;
  admin::Server server;
  EXPECT_TRUE(
      servers_->WaitServer(&call, WaitFor("servers/a", {}), &server).ok());
  EXPECT_EQ(server.name(), "servers/a");
}

TEST_F(LiveCallsTest, WaitEndsWithTheDeadlineAndLeavesNothing) {
  fixture_.AddServer("a");
  TestCall call(std::chrono::seconds(0));
  admin::Server server;
  EXPECT_EQ(servers_
                ->WaitServer(&call,
                             WaitFor("servers/a",
                                     admin::WaitServerRequest::SERVER_ENDED),
                             &server)
                .error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_TRUE(fixture_.streams.WaitEmpty(absl::Seconds(10)));
}

TEST_F(LiveCallsTest, ShutdownEndsAWaitWithUnavailable) {
  fixture_.AddServer("a");
  TestCall call;
  admin::Server server;
  grpc::Status status;
  std::thread waiter([&] {
    status = servers_->WaitServer(
        &call, WaitFor("servers/a", admin::WaitServerRequest::SERVER_ENDED),
        &server);
  });
  WaitUntilLive(1);
  fixture_.ShutDown();
  waiter.join();
  EXPECT_EQ(ReasonIn(status), "SHUTTING_DOWN");
}

TEST_F(LiveCallsTest, SendsStatsAtEveryInterval) {
  fixture_.AddServer("a");
  fixture_.AddServer("b");
  auto stub = admin::StatsService::NewStub(fixture_.channel);
  admin::WatchStatsRequest request;
  request.set_name("servers/-");
  request.mutable_interval()->set_nanos(100'000'000);
  TestCall call;
  auto reader = stub->WatchStats(&call, request);
  for (int sample = 0; sample < 2; ++sample) {
    admin::WatchStatsResponse response;
    ASSERT_TRUE(reader->Read(&response));
    EXPECT_EQ(response.stats_size(), 2);
    EXPECT_TRUE(response.sample_complete());
  }
  call.TryCancel();
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(fixture_.streams.WaitEmpty(absl::Seconds(10)));
}

TEST_F(LiveCallsTest, AMissingTargetEndsAStreamOfStats) {
  auto stub = admin::StatsService::NewStub(fixture_.channel);
  admin::WatchStatsRequest request;
  request.set_name("servers/none");
  TestCall call;
  EXPECT_EQ(ReasonIn(stub->WatchStats(&call, request)->Finish()),
            "SERVER_NOT_FOUND");
}

TEST_F(LiveCallsTest, MutationsAreRefusedToThoseWithoutTheRole) {
  fixture_.caller = {"viewer", auth::Role::ROLE_VIEWER};
  admin::CreateServerRequest request;
  request.set_server_id("a");
  request.mutable_server()->set_root("/srv");
  admin::Server server;
  TestCall call;
  const grpc::Status status = servers_->CreateServer(&call, request, &server);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(ReasonIn(status), "ROLE_REQUIRED");
  EXPECT_EQ(fixture_.supervisor.changes(), 0);
}

TEST_F(LiveCallsTest, ARevokedRoleEndsOpenStreams) {
  fixture_.AddServer("a");
  auto stub = admin::EventService::NewStub(fixture_.channel);
  TestCall watch_call;
  auto watch = stub->WatchEvents(&watch_call, {});
  TestCall wait_call;
  admin::Server server;
  grpc::Status waited;
  std::thread waiter([&] {
    waited = servers_->WaitServer(
        &wait_call,
        WaitFor("servers/a", admin::WaitServerRequest::SERVER_ENDED), &server);
  });
  WaitUntilLive(2);
  fixture_.streams.CheckRoles();
  EXPECT_EQ(fixture_.streams.size(), 2u);
  fixture_.caller.role = auth::Role::ROLE_UNSPECIFIED;
  fixture_.streams.CheckRoles();
  waiter.join();
  EXPECT_EQ(ReasonIn(waited), "ROLE_REQUIRED");
  EXPECT_EQ(ReasonIn(watch->Finish()), "ROLE_REQUIRED");
  EXPECT_TRUE(fixture_.streams.WaitEmpty(absl::Seconds(10)));
}

class SilentCall : public LiveCall {
 public:
  SteadyTime Advance(SteadyTime) override { return SteadyTime::max(); }
  void End() override {}
  void CheckRole() override {}
};

class StreamQuotaTest : public ::testing::Test {
 protected:
  ~StreamQuotaTest() override {
    for (const auto& call : calls_) streams_.Remove(*call);
  }

  // How many of `count` calls are taken.
  int Add(int count, StreamRegistry::Kind kind, const auth::Caller& caller) {
    int taken = 0;
    for (int i = 0; i < count; ++i) {
      const auto call = std::make_shared<SilentCall>();
      if (!streams_.Add(call, kind, caller).ok()) continue;
      calls_.push_back(call);
      ++taken;
    }
    return taken;
  }

  static constexpr auto kWatch = StreamRegistry::Kind::kWatch;
  static constexpr auto kWait = StreamRegistry::Kind::kWait;
  model::EventLog log_{1024, "run"};
  StreamRegistry streams_{log_};
  std::vector<std::shared_ptr<LiveCall>> calls_;
};

TEST_F(StreamQuotaTest, LowerRolesLeaveRoomForHigherOnes) {
  EXPECT_EQ(Add(300, kWatch, {"viewer", auth::Role::ROLE_VIEWER}), 64);
  EXPECT_EQ(Add(300, kWatch, {"viewer 2", auth::Role::ROLE_VIEWER}), 64);
  EXPECT_EQ(Add(300, kWatch, {"viewer 3", auth::Role::ROLE_VIEWER}), 0);
  EXPECT_EQ(Add(300, kWatch, {"operator", auth::Role::ROLE_OPERATOR}), 64);
  EXPECT_EQ(Add(300, kWatch, {"chaos", auth::Role::ROLE_CHAOS}), 0);
  EXPECT_EQ(Add(300, kWatch, {"admin", auth::Role::ROLE_ADMIN}), 64);
}

TEST_F(StreamQuotaTest, OneCallerMayWaitForAllServers) {
  EXPECT_EQ(Add(1024, kWait, {"operator", auth::Role::ROLE_OPERATOR}), 1024);
  EXPECT_EQ(Add(1, kWatch, {"operator", auth::Role::ROLE_OPERATOR}), 1);
  EXPECT_EQ(Add(1024, kWait, {"admin", auth::Role::ROLE_ADMIN}), 1024);
}

TEST_F(LiveCallsTest, MutationsRunOnTheExecutor) {
  admin::DrainServerRequest request;
  request.set_name("servers/a");
  fixture_.AddServer("a");
  admin::Server server;
  TestCall call;
  EXPECT_TRUE(servers_->DrainServer(&call, request, &server).ok());
  EXPECT_EQ(server.state(), admin::Server::DRAINING);
}

}  // namespace
}  // namespace goferd::service
