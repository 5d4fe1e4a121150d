#include "clients/admin/call.h"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "goferd/admin/v1/server_service.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace goferd::client {
namespace {

using admin::v1::DrainServerRequest;
using admin::v1::GetServerRequest;
using admin::v1::Server;

// Answers as it is told, and remembers.
struct FakeStub {
  std::function<grpc::Status(size_t attempt)> answer;
  std::vector<std::string> request_ids = {};
  std::vector<std::chrono::system_clock::time_point> deadlines = {};

  grpc::Status Get(grpc::ClientContext* context, const GetServerRequest&,
                   Server* server) {
    deadlines.push_back(context->deadline());
    server->set_name("servers/web");
    return answer(deadlines.size());
  }
  grpc::Status Drain(grpc::ClientContext* context,
                     const DrainServerRequest& request, Server*) {
    request_ids.push_back(request.request_id());
    deadlines.push_back(context->deadline());
    return answer(deadlines.size());
  }
};

const CallOptions kFast = {.timeout = absl::Seconds(30),
                           .max_attempts = 4,
                           .first_delay = absl::Microseconds(1)};

grpc::Status Pending(absl::Duration retry_delay) {
  google::rpc::ErrorInfo reason;
  reason.set_reason("OPERATION_PENDING");
  reason.set_domain("goferd");
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(retry_delay)));
  google::rpc::Status status;
  status.add_details()->PackFrom(reason);
  status.add_details()->PackFrom(info);
  return {grpc::StatusCode::ABORTED, "still runs", status.SerializeAsString()};
}

grpc::Status Unavailable(absl::Duration retry_delay) {
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(absl::ToInt64Seconds(retry_delay));
  google::rpc::Status status;
  status.add_details()->PackFrom(info);
  return {grpc::StatusCode::UNAVAILABLE, "starting",
          status.SerializeAsString()};
}

TEST(CallTest, RepeatsUnavailableWithTheSameRequestId) {
  FakeStub stub{[](size_t attempt) {
    return attempt < 3 ? grpc::Status(grpc::StatusCode::UNAVAILABLE, "")
                       : grpc::Status::OK;
  }};
  EXPECT_TRUE(Call(stub, &FakeStub::Drain, DrainServerRequest(), kFast).ok());
  ASSERT_EQ(stub.request_ids.size(), 3u);
  EXPECT_FALSE(stub.request_ids[0].empty());
  EXPECT_EQ(stub.request_ids[0], stub.request_ids[2]);
  EXPECT_EQ(stub.deadlines[0], stub.deadlines[2]);
}

TEST(CallTest, KeepsTheCallersRequestId) {
  FakeStub stub{[](size_t) { return grpc::Status::OK; }};
  DrainServerRequest request;
  request.set_request_id("mine");
  EXPECT_TRUE(Call(stub, &FakeStub::Drain, request, kFast).ok());
  EXPECT_EQ(stub.request_ids[0], "mine");
}

TEST(CallTest, GivesUpAfterTheAttempts) {
  FakeStub stub{
      [](size_t) { return grpc::Status(grpc::StatusCode::UNAVAILABLE, ""); }};
  const auto server = Call(stub, &FakeStub::Get, GetServerRequest(), kFast);
  EXPECT_TRUE(absl::IsUnavailable(server.status()));
  EXPECT_EQ(stub.deadlines.size(), 4u);
}

TEST(CallTest, RepeatsNothingElse) {
  for (const auto code :
       {grpc::StatusCode::ABORTED, grpc::StatusCode::RESOURCE_EXHAUSTED,
        grpc::StatusCode::DEADLINE_EXCEEDED, grpc::StatusCode::INTERNAL}) {
    FakeStub stub{[code](size_t) { return grpc::Status(code, ""); }};
    EXPECT_FALSE(Call(stub, &FakeStub::Get, GetServerRequest(), kFast).ok());
    EXPECT_EQ(stub.deadlines.size(), 1u) << code;
  }
}

TEST(CallTest, WaitsForItsOwnFirstTry) {
  // More often than there are attempts.
  FakeStub stub{[](size_t attempt) {
    if (attempt == 1) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "");
    return attempt < 10 ? Pending(absl::Microseconds(1)) : grpc::Status::OK;
  }};
  EXPECT_TRUE(Call(stub, &FakeStub::Drain, DrainServerRequest(), kFast).ok());
  ASSERT_EQ(stub.request_ids.size(), 10u);
  EXPECT_EQ(stub.request_ids.front(), stub.request_ids.back());
}

TEST(CallTest, WaitsForItsOwnFirstTryUntilTheDeadline) {
  FakeStub stub{[](size_t attempt) {
    if (attempt == 1) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "");
    return Pending(absl::Milliseconds(1));
  }};
  CallOptions options = kFast;
  options.timeout = absl::Milliseconds(50);
  const auto server =
      Call(stub, &FakeStub::Drain, DrainServerRequest(), options);
  EXPECT_EQ(DetailsOf(server.status()).reason, admin::v1::OPERATION_PENDING);
  EXPECT_GT(stub.request_ids.size(), 4u);
}

TEST(CallTest, AnothersOperationIsNotWaitedFor) {
  FakeStub stub{[](size_t) { return Pending(absl::Microseconds(1)); }};
  EXPECT_FALSE(Call(stub, &FakeStub::Drain, DrainServerRequest(), kFast).ok());
  EXPECT_EQ(stub.request_ids.size(), 1u);
}

TEST(CallTest, DoesNotWaitBeyondTheDeadline) {
  FakeStub stub{[](size_t) { return Unavailable(absl::Hours(1)); }};
  const auto server = Call(stub, &FakeStub::Get, GetServerRequest(), kFast);
  EXPECT_TRUE(absl::IsUnavailable(server.status()));
  EXPECT_EQ(stub.deadlines.size(), 1u);
}

TEST(CallTest, InfiniteTimeoutIsNoDeadline) {
  FakeStub stub{[](size_t) { return grpc::Status::OK; }};
  CallOptions options = kFast;
  options.timeout = absl::InfiniteDuration();
  const auto server = Call(stub, &FakeStub::Get, GetServerRequest(), options);
  ASSERT_TRUE(server.ok());
  EXPECT_EQ(server->name(), "servers/web");
  EXPECT_EQ(stub.deadlines[0], std::chrono::system_clock::time_point::max());
}

}  // namespace
}  // namespace goferd::client
