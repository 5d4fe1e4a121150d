// AdminClient against services in this process.

#include "clients/admin/admin_client.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "goferd/admin/v1/event_service.grpc.pb.h"
#include "goferd/admin/v1/server_service.grpc.pb.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"

namespace goferd::client {
namespace {

using namespace admin::v1;  // NOLINT: the API's own names.

const CallOptions kFast = {.timeout = absl::Seconds(30),
                           .max_attempts = 4,
                           .first_delay = absl::Microseconds(1)};

// Refuses the first `refusals` drains, and remembers their request ids.
class FakeServers : public ServerService::Service {
 public:
  grpc::Status DrainServer(grpc::ServerContext*,
                           const DrainServerRequest* request,
                           Server* server) override {
    request_ids.push_back(request->request_id());
    if (request_ids.size() <= refusals) {
      return {grpc::StatusCode::UNAVAILABLE, "starting"};
    }
    server->set_name(request->name());
    return grpc::Status::OK;
  }
  grpc::Status GetServer(grpc::ServerContext*, const GetServerRequest*,
                         Server*) override {
    return {grpc::StatusCode::NOT_FOUND, "no such server"};
  }

  size_t refusals = 0;
  std::vector<std::string> request_ids;
};

// Sends revisions 1, 2, 3 in a response each, and then ends with `end`.
class FakeEvents : public EventService::Service {
 public:
  grpc::Status WatchEvents(
      grpc::ServerContext*, const WatchEventsRequest*,
      grpc::ServerWriter<WatchEventsResponse>* writer) override {
    for (int revision = 1; revision <= 3; ++revision) {
      WatchEventsResponse response;
      response.add_events()->set_revision(revision);
      writer->Write(response);
    }
    return end;
  }

  grpc::Status end;
};

class AdminClientTest : public testing::Test {
 protected:
  AdminClientTest() {
    grpc::ServerBuilder builder;
    builder.RegisterService(&servers_);
    builder.RegisterService(&events_);
    server_ = builder.BuildAndStart();
    client_ = std::make_unique<AdminClient>(server_->InProcessChannel({}));
  }

  // The revisions that WatchEvents gave, up to `last`.
  absl::Status Watch(int64_t last) {
    grpc::ClientContext call;
    return client_->WatchEvents(call, WatchEventsRequest(),
                                [&](const WatchEventsResponse& response) {
                                  const auto& event = response.events(0);
                                  revisions_.push_back(event.revision());
                                  return event.revision() < last;
                                });
  }

  FakeServers servers_;
  FakeEvents events_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<AdminClient> client_;
  std::vector<int64_t> revisions_;
};

TEST_F(AdminClientTest, ReturnsTheResponse) {
  DrainServerRequest request;
  request.set_name("servers/web");
  const auto server = client_->Call(methods::kDrainServer, request, kFast);
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_EQ(server->name(), "servers/web");
}

TEST_F(AdminClientTest, ReturnsTheMethodsError) {
  const auto server = client_->Call(methods::kGetServer, {}, kFast);
  EXPECT_TRUE(absl::IsNotFound(server.status()));
  EXPECT_EQ(server.status().message(), "no such server");
}

TEST_F(AdminClientTest, RepeatsWithTheSameRequestId) {
  servers_.refusals = 2;
  EXPECT_TRUE(client_->Call(methods::kDrainServer, {}, kFast).ok());
  ASSERT_EQ(servers_.request_ids.size(), 3u);
  EXPECT_FALSE(servers_.request_ids[0].empty());
  EXPECT_EQ(servers_.request_ids[0], servers_.request_ids[2]);
}

TEST_F(AdminClientTest, KeepsTheCallersRequestId) {
  DrainServerRequest request;
  request.set_request_id("mine");
  EXPECT_TRUE(client_->Call(methods::kDrainServer, request, kFast).ok());
  EXPECT_EQ(servers_.request_ids, std::vector<std::string>{"mine"});
}

TEST_F(AdminClientTest, FollowsAStreamToItsEnd) {
  EXPECT_TRUE(Watch(9).ok());
  EXPECT_EQ(revisions_, (std::vector<int64_t>{1, 2, 3}));
  events_.end = {grpc::StatusCode::PERMISSION_DENIED, "not you"};
  EXPECT_TRUE(absl::IsPermissionDenied(Watch(9)));
}

TEST_F(AdminClientTest, EndsAStreamWhenNoMoreIsTaken) {
  events_.end = {grpc::StatusCode::PERMISSION_DENIED, "not you"};
  EXPECT_TRUE(Watch(2).ok());
  EXPECT_EQ(revisions_, (std::vector<int64_t>{1, 2}));
}

}  // namespace
}  // namespace goferd::client
