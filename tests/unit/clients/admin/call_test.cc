#include "clients/admin/call.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <vector>

#include "clients/admin/error_details.h"
#include "goferd/admin/v1/error_reason.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/client_context.h"

namespace goferd::client {
namespace {

using Deadline = std::chrono::system_clock::time_point;

const CallOptions kFast = {.timeout = absl::Seconds(30),
                           .max_attempts = 4,
                           .first_delay = absl::Microseconds(1)};
const grpc::Status kUnavailable(grpc::StatusCode::UNAVAILABLE, "");

// What a call came to: its result, and the deadline of each attempt.
struct Called {
  absl::Status status;
  std::vector<Deadline> deadlines;
};

// `answer` is the status of each attempt, counted from 1.
Called CallWith(const CallOptions& options,
                const std::function<grpc::Status(size_t attempt)>& answer) {
  Called called;
  called.status =
      CallRepeatedly(options, [&](const grpc::ClientContext& context) {
        called.deadlines.push_back(context.deadline());
        return answer(called.deadlines.size());
      });
  return called;
}

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

grpc::Status UnavailableFor(absl::Duration retry_delay) {
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(absl::ToInt64Seconds(retry_delay));
  google::rpc::Status status;
  status.add_details()->PackFrom(info);
  return {grpc::StatusCode::UNAVAILABLE, "starting",
          status.SerializeAsString()};
}

TEST(CallRepeatedlyTest, RepeatsUnavailableUnderOneDeadline) {
  const Called called = CallWith(kFast, [](size_t attempt) {
    return attempt < 3 ? kUnavailable : grpc::Status::OK;
  });
  EXPECT_TRUE(called.status.ok());
  ASSERT_EQ(called.deadlines.size(), 3u);
  EXPECT_EQ(called.deadlines[0], called.deadlines[2]);
}

TEST(CallRepeatedlyTest, GivesUpAfterTheAttempts) {
  const Called called = CallWith(kFast, [](size_t) { return kUnavailable; });
  EXPECT_TRUE(absl::IsUnavailable(called.status));
  EXPECT_EQ(called.deadlines.size(), 4u);
}

TEST(CallRepeatedlyTest, RepeatsNoOtherCode) {
  for (const auto code :
       {grpc::StatusCode::ABORTED, grpc::StatusCode::RESOURCE_EXHAUSTED,
        grpc::StatusCode::DEADLINE_EXCEEDED, grpc::StatusCode::INTERNAL}) {
    const Called called =
        CallWith(kFast, [code](size_t) { return grpc::Status(code, ""); });
    EXPECT_FALSE(called.status.ok());
    EXPECT_EQ(called.deadlines.size(), 1u) << code;
  }
}

TEST(CallRepeatedlyTest, WaitsForItsOwnFirstAttempt) {
  // More often than there are attempts.
  const Called called = CallWith(kFast, [](size_t attempt) {
    if (attempt == 1) return kUnavailable;
    return attempt < 10 ? Pending(absl::Microseconds(1)) : grpc::Status::OK;
  });
  EXPECT_TRUE(called.status.ok());
  EXPECT_EQ(called.deadlines.size(), 10u);
}

TEST(CallRepeatedlyTest, WaitsForItsOwnFirstAttemptUntilTheDeadline) {
  CallOptions options = kFast;
  options.timeout = absl::Milliseconds(50);
  const Called called = CallWith(options, [](size_t attempt) {
    return attempt == 1 ? kUnavailable : Pending(absl::Milliseconds(1));
  });
  EXPECT_EQ(DetailsOf(called.status).reason, admin::v1::OPERATION_PENDING);
  EXPECT_GT(called.deadlines.size(), 4u);
}

TEST(CallRepeatedlyTest, DoesNotWaitForAnothersOperation) {
  const Called called =
      CallWith(kFast, [](size_t) { return Pending(absl::Microseconds(1)); });
  EXPECT_FALSE(called.status.ok());
  EXPECT_EQ(called.deadlines.size(), 1u);
}

TEST(CallRepeatedlyTest, DoesNotWaitBeyondTheDeadline) {
  const Called called =
      CallWith(kFast, [](size_t) { return UnavailableFor(absl::Hours(1)); });
  EXPECT_TRUE(absl::IsUnavailable(called.status));
  EXPECT_EQ(called.deadlines.size(), 1u);
}

TEST(CallRepeatedlyTest, SetsNoDeadlineForAnInfiniteTimeout) {
  CallOptions options = kFast;
  options.timeout = absl::InfiniteDuration();
  const Called called =
      CallWith(options, [](size_t) { return grpc::Status::OK; });
  EXPECT_TRUE(called.status.ok());
  EXPECT_EQ(called.deadlines[0], Deadline::max());
}

}  // namespace
}  // namespace goferd::client
