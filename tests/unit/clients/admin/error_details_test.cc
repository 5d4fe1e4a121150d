#include "clients/admin/error_details.h"

#include <gmock/gmock.h>

#include "controlplane/errors/error.h"
#include "goferd/admin/v1/error_reason.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/support/status.h"

namespace goferd::client {
namespace {

TEST(ErrorDetailsTest, ReadsWhatTheControlPlaneMakes) {
  const auto details = DetailsOf(errors::ErrorWithRetry(
      errors::Reason::CONNECTION_LIMIT, "full", 1500, {{"limit", "4"}}));
  EXPECT_EQ(details.reason, admin::v1::CONNECTION_LIMIT);
  EXPECT_EQ(details.reason_name, "CONNECTION_LIMIT");
  EXPECT_EQ(details.metadata.at("limit"), "4");
  EXPECT_EQ(details.retry_delay, absl::Milliseconds(1500));
}

TEST(ErrorDetailsTest, ReadsFieldViolations) {
  errors::FieldViolations violations;
  violations.Add("server.root", "must be absolute",
                 errors::Reason::PATH_NOT_ABSOLUTE);
  const auto details = DetailsOf(violations.ToStatus());
  ASSERT_EQ(details.field_violations.size(), 1u);
  EXPECT_EQ(details.field_violations[0].field, "server.root");
  EXPECT_EQ(details.field_violations[0].reason, "PATH_NOT_ABSOLUTE");
}

grpc::Status Packed(const std::string& domain, const std::string& reason) {
  google::rpc::ErrorInfo info;
  info.set_domain(domain);
  info.set_reason(reason);
  google::rpc::Status status;
  status.add_details()->PackFrom(info);
  return grpc::Status(grpc::StatusCode::ABORTED, "text",
                      status.SerializeAsString());
}

TEST(ErrorDetailsTest, ReadsDetailsOfAGrpcStatus) {
  const auto status = ToAbslStatus(Packed("goferd", "ETAG_MISMATCH"));
  EXPECT_TRUE(absl::IsAborted(status));
  EXPECT_EQ(status.message(), "text");
  EXPECT_EQ(DetailsOf(status).reason, admin::v1::ETAG_MISMATCH);
}

TEST(ErrorDetailsTest, KeepsTheNameOfAnUnknownReason) {
  const auto details = DetailsOf(ToAbslStatus(Packed("goferd", "NEWER")));
  EXPECT_EQ(details.reason, admin::v1::ERROR_REASON_UNSPECIFIED);
  EXPECT_EQ(details.reason_name, "NEWER");
}

TEST(ErrorDetailsTest, IgnoresOtherDomainsAndGarbage) {
  EXPECT_EQ(
      DetailsOf(ToAbslStatus(Packed("other", "ETAG_MISMATCH"))).reason_name,
      "");
  const auto status = ToAbslStatus(
      grpc::Status(grpc::StatusCode::INTERNAL, "text", "\xff\xff garbage"));
  EXPECT_TRUE(absl::IsInternal(status));
  EXPECT_EQ(DetailsOf(status).reason_name, "");
  EXPECT_TRUE(ToAbslStatus(grpc::Status::OK).ok());
}

}  // namespace
}  // namespace goferd::client
