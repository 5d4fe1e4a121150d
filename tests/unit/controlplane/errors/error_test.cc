#include "controlplane/errors/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"

namespace goferd::errors {
namespace {

using absl::StatusCode;

// The codes as error_reason.proto names them, in its order.
const std::map<Reason, StatusCode>& Codes() {
  static const std::map<Reason, StatusCode> codes = {
      {Reason::FIELD_INVALID, StatusCode::kInvalidArgument},
      {Reason::PATH_NOT_ABSOLUTE, StatusCode::kInvalidArgument},
      {Reason::PATH_NOT_ALLOWED, StatusCode::kInvalidArgument},
      {Reason::UNKNOWN_MID, StatusCode::kInvalidArgument},
      {Reason::PAGE_TOKEN_MISMATCH, StatusCode::kInvalidArgument},
      {Reason::REQUEST_ID_REUSED, StatusCode::kInvalidArgument},
      {Reason::SERVER_NOT_FOUND, StatusCode::kNotFound},
      {Reason::CONNECTION_NOT_FOUND, StatusCode::kNotFound},
      {Reason::RULE_NOT_FOUND, StatusCode::kNotFound},
      {Reason::PATH_NOT_FOUND, StatusCode::kNotFound},
      {Reason::SERVER_ALREADY_EXISTS, StatusCode::kAlreadyExists},
      {Reason::CONNECTION_ALREADY_EXISTS, StatusCode::kAlreadyExists},
      {Reason::RULE_ALREADY_EXISTS, StatusCode::kAlreadyExists},
      {Reason::SERVER_NOT_EMPTY, StatusCode::kFailedPrecondition},
      {Reason::SERVER_DRAINING, StatusCode::kFailedPrecondition},
      {Reason::SERVER_STOPPED, StatusCode::kFailedPrecondition},
      {Reason::CONNECTION_NOT_PENDING, StatusCode::kFailedPrecondition},
      {Reason::KERNEL_FEATURE_MISSING, StatusCode::kFailedPrecondition},
      {Reason::GOFER_CAPABILITY_MISSING, StatusCode::kFailedPrecondition},
      {Reason::ROOT_NOT_DIRECTORY, StatusCode::kFailedPrecondition},
      {Reason::SANDBOX_KILL_NOT_ACKNOWLEDGED, StatusCode::kFailedPrecondition},
      {Reason::HOST_PERMISSION, StatusCode::kFailedPrecondition},
      {Reason::ESCAPED_BY_CONNECTIONS, StatusCode::kFailedPrecondition},
      {Reason::ETAG_MISMATCH, StatusCode::kAborted},
      {Reason::OPERATION_PENDING, StatusCode::kAborted},
      {Reason::CONNECTION_LIMIT, StatusCode::kResourceExhausted},
      {Reason::FD_LIMIT, StatusCode::kResourceExhausted},
      {Reason::PROCESS_LIMIT, StatusCode::kResourceExhausted},
      {Reason::TICKET_LIMIT, StatusCode::kResourceExhausted},
      {Reason::RULE_LIMIT, StatusCode::kResourceExhausted},
      {Reason::STORAGE_LIMIT, StatusCode::kResourceExhausted},
      {Reason::COMPACTED, StatusCode::kOutOfRange},
      {Reason::STARTING, StatusCode::kUnavailable},
      {Reason::SHUTTING_DOWN, StatusCode::kUnavailable},
      {Reason::GOFER_UNREACHABLE, StatusCode::kUnavailable},
      {Reason::SERVER_STOPPING, StatusCode::kUnavailable},
      {Reason::ROLE_REQUIRED, StatusCode::kPermissionDenied},
      {Reason::PEER_MISMATCH, StatusCode::kPermissionDenied},
      {Reason::TICKET_INVALID, StatusCode::kUnauthenticated},
      {Reason::INTERNAL_FAULT, StatusCode::kInternal},
  };
  return codes;
}

template <class Message>
Message Detail(const absl::Status& status, const std::string& name) {
  Message message;
  const auto payload =
      status.GetPayload(absl::StrCat("type.googleapis.com/google.rpc.", name));
  EXPECT_TRUE(payload && message.ParseFromString(std::string(*payload)));
  return message;
}

google::rpc::ErrorInfo Info(const absl::Status& status) {
  return Detail<google::rpc::ErrorInfo>(status, "ErrorInfo");
}

TEST(ErrorTest, EveryReasonHasItsCode) {
  const auto* const reasons = admin::v1::ErrorReason_descriptor();
  for (int i = 0; i < reasons->value_count(); ++i) {
    const auto reason = static_cast<Reason>(reasons->value(i)->number());
    if (reason == Reason::ERROR_REASON_UNSPECIFIED) continue;
    ASSERT_TRUE(Codes().contains(reason)) << reasons->value(i)->name();
    EXPECT_EQ(CodeOf(reason), Codes().at(reason)) << reasons->value(i)->name();
  }
}

TEST(ErrorTest, CarriesReasonDomainAndMetadata) {
  const absl::Status status = Error(Reason::ETAG_MISMATCH, "read it again",
                                    {{"resource", "servers/a"}});
  EXPECT_EQ(status.message(), "read it again");
  EXPECT_EQ(ReasonOf(status), Reason::ETAG_MISMATCH);
  const auto info = Info(status);
  EXPECT_EQ(info.reason(), "ETAG_MISMATCH");
  EXPECT_EQ(info.domain(), "goferd");
  EXPECT_EQ(info.metadata().at("resource"), "servers/a");
}

TEST(ErrorTest, NoIdentityIsUnauthenticated) {
  const absl::Status status = NoIdentity("who are you?");
  EXPECT_EQ(status.code(), StatusCode::kUnauthenticated);
  EXPECT_EQ(ReasonOf(status), Reason::ROLE_REQUIRED);
}

TEST(ErrorTest, RetryHasSecondsAndNanos) {
  const auto retry = Detail<google::rpc::RetryInfo>(
      ErrorWithRetry(Reason::TICKET_LIMIT, "later", 1250), "RetryInfo");
  EXPECT_EQ(retry.retry_delay().seconds(), 1);
  EXPECT_EQ(retry.retry_delay().nanos(), 250'000'000);
}

TEST(ErrorTest, StatusesOfOtherRoomsHaveNoReason) {
  EXPECT_EQ(ReasonOf(absl::OkStatus()), Reason::ERROR_REASON_UNSPECIFIED);
  EXPECT_EQ(ReasonOf(absl::InternalError("x")),
            Reason::ERROR_REASON_UNSPECIFIED);
  absl::Status other = absl::InternalError("x");
  google::rpc::ErrorInfo info;
  info.set_domain("elsewhere");
  info.set_reason("ETAG_MISMATCH");
  other.SetPayload("type.googleapis.com/google.rpc.ErrorInfo",
                   absl::Cord(info.SerializeAsString()));
  EXPECT_EQ(ReasonOf(other), Reason::ERROR_REASON_UNSPECIFIED);
}

TEST(ErrorTest, ErrnosAreMappedByMeaning) {
  const std::map<int, Reason> expected = {
      {ENOENT, Reason::PATH_NOT_FOUND},
      {ENOTDIR, Reason::ROOT_NOT_DIRECTORY},
      {EMFILE, Reason::FD_LIMIT},
      {ENFILE, Reason::FD_LIMIT},
      {ENOSPC, Reason::STORAGE_LIMIT},
      {EDQUOT, Reason::STORAGE_LIMIT},
      {ENOMEM, Reason::STORAGE_LIMIT},
      {EAGAIN, Reason::PROCESS_LIMIT},
      {ELOOP, Reason::FIELD_INVALID},
      {ENAMETOOLONG, Reason::FIELD_INVALID},
      {EINVAL, Reason::FIELD_INVALID},
      {EACCES, Reason::HOST_PERMISSION},
      {EPERM, Reason::HOST_PERMISSION},
      {EROFS, Reason::HOST_PERMISSION},
      {ENOSYS, Reason::KERNEL_FEATURE_MISSING},
      {EIO, Reason::INTERNAL_FAULT},
  };
  for (const auto& [number, reason] : expected) {
    EXPECT_EQ(ReasonOf(FromErrno(number, "x")), reason) << number;
  }
  const absl::Status status = FromErrno(ENOENT, "/data", {{"step", "open"}});
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("/data"));
  EXPECT_EQ(Info(status).metadata().at("errno"), "ENOENT");
  EXPECT_EQ(Info(status).metadata().at("step"), "open");
  // The host may have later what it lacks now.
  EXPECT_GT(Detail<google::rpc::RetryInfo>(FromErrno(EMFILE, "x"), "RetryInfo")
                .retry_delay()
                .seconds(),
            0);
}

TEST(ErrorTest, ErrorsAboutLimitsOfTheHostHaveARetryInfo) {
  for (const int number : {EMFILE, ENFILE, ENOSPC, EDQUOT, ENOMEM, EAGAIN}) {
    const auto retry =
        Detail<google::rpc::RetryInfo>(FromErrno(number, "x"), "RetryInfo");
    EXPECT_GT(retry.retry_delay().seconds(), 0) << number;
  }
  EXPECT_FALSE(FromErrno(ENOENT, "x")
                   .GetPayload("type.googleapis.com/google.rpc.RetryInfo"));
}

TEST(FieldViolationsTest, NoViolationsAreOk) {
  EXPECT_TRUE(FieldViolations().ToStatus().ok());
}

TEST(FieldViolationsTest, TheStatusHasTheCommonReason) {
  FieldViolations violations;
  violations.Add("a", "must be absolute", Reason::PATH_NOT_ABSOLUTE);
  violations.Add("b", "must be absolute", Reason::PATH_NOT_ABSOLUTE);
  EXPECT_EQ(ReasonOf(violations.ToStatus()), Reason::PATH_NOT_ABSOLUTE);
}

TEST(FieldViolationsTest, DifferentReasonsBecomeFieldInvalid) {
  FieldViolations violations;
  violations.Add("a", "must be absolute", Reason::PATH_NOT_ABSOLUTE);
  violations.Add("b", "is missing");
  const absl::Status status = violations.ToStatus();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(status), Reason::FIELD_INVALID);
  const auto bad = Detail<google::rpc::BadRequest>(status, "BadRequest");
  ASSERT_EQ(bad.field_violations_size(), 2);
  EXPECT_EQ(bad.field_violations(0).field(), "a");
  EXPECT_EQ(bad.field_violations(0).reason(), "PATH_NOT_ABSOLUTE");
  EXPECT_EQ(bad.field_violations(1).description(), "is missing");
}

TEST(FieldViolationsTest, ReportsAtMost1000Violations) {
  FieldViolations violations;
  for (int i = 0; i < 1001; ++i) violations.Add(absl::StrCat("f", i), "wrong");
  const auto bad =
      Detail<google::rpc::BadRequest>(violations.ToStatus(), "BadRequest");
  ASSERT_EQ(bad.field_violations_size(), 1000);
  EXPECT_EQ(bad.field_violations(999).field(), "f999");
}

}  // namespace
}  // namespace goferd::errors
