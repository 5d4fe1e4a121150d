#include "controlplane/service/status_translation.h"

#include <gtest/gtest.h>

#include <string>

#include "controlplane/errors/error.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace goferd::service {
namespace {

using errors::Reason;

google::rpc::Status DetailsOf(const grpc::Status& status) {
  google::rpc::Status rpc;
  EXPECT_TRUE(rpc.ParseFromString(status.error_details()));
  return rpc;
}

template <class Detail>
int Count(const google::rpc::Status& rpc, Detail* last) {
  int count = 0;
  for (const auto& detail : rpc.details()) count += detail.UnpackTo(last);
  return count;
}

TEST(StatusTranslationTest, CarriesReasonAndMetadata) {
  const grpc::Status status = ToGrpcStatus(errors::Error(
      Reason::SERVER_NOT_FOUND, "no such server", {{"resource", "servers/a"}}));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(status.error_message(), "no such server");
  google::rpc::ErrorInfo info;
  ASSERT_EQ(Count(DetailsOf(status), &info), 1);
  EXPECT_EQ(info.reason(), "SERVER_NOT_FOUND");
  EXPECT_EQ(info.domain(), "goferd");
  EXPECT_EQ(info.metadata().at("resource"), "servers/a");
}

TEST(StatusTranslationTest, ErrorWithoutAReasonIsAFault) {
  const grpc::Status status = ToGrpcStatus(absl::DataLossError("broken"));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INTERNAL);
  google::rpc::ErrorInfo info;
  ASSERT_EQ(Count(DetailsOf(status), &info), 1);
  EXPECT_EQ(info.reason(), "INTERNAL_FAULT");
}

TEST(StatusTranslationTest, CarriesRetryInfo) {
  const grpc::Status status =
      ToGrpcStatus(errors::ErrorWithRetry(Reason::TICKET_LIMIT, "later", 1500));
  google::rpc::RetryInfo retry;
  ASSERT_EQ(Count(DetailsOf(status), &retry), 1);
  EXPECT_EQ(retry.retry_delay().seconds(), 1);
}

TEST(StatusTranslationTest, ManyViolationsFitIntoMetadata) {
  errors::FieldViolations violations;
  for (int i = 0; i < 64; ++i) {
    violations.Add("field" + std::to_string(i), std::string(200, 'x'));
  }
  const grpc::Status status = ToGrpcStatus(violations.ToStatus());
  EXPECT_LE(status.error_details().size(), kMaxDetailsBytes);
  google::rpc::BadRequest request;
  ASSERT_EQ(Count(DetailsOf(status), &request), 1);
  EXPECT_GT(request.field_violations_size(), 5);
  EXPECT_EQ(request.field_violations(0).field(), "field0");
  const int listed = request.field_violations_size() - 1;
  EXPECT_EQ(request.field_violations(listed).description(),
            std::to_string(64 - listed) + " more are left out here");
}

TEST(StatusTranslationTest, LongTextIsCutBetweenCharacters) {
  std::string text = "x";
  while (text.size() < 3000) text += "\xC3\xA4";
  const grpc::Status status =
      ToGrpcStatus(errors::Error(Reason::FIELD_INVALID, text));
  EXPECT_EQ(status.error_message().size() % 2, 1u);
  EXPECT_LE(status.error_message().size(), 1024u);
}

TEST(StatusTranslationTest, OkStaysOk) {
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok());
}

}  // namespace
}  // namespace goferd::service
