#include "clients/admin/error_details.h"

#include <algorithm>

#include "absl/strings/cord.h"
#include "absl/strings/string_view.h"
#include "goferd/admin/v1/error_reason.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/support/status.h"

namespace goferd::client {
namespace {

constexpr char kErrorInfoUrl[] = "type.googleapis.com/google.rpc.ErrorInfo";
constexpr char kBadRequestUrl[] = "type.googleapis.com/google.rpc.BadRequest";
constexpr char kRetryInfoUrl[] = "type.googleapis.com/google.rpc.RetryInfo";
constexpr char kDomain[] = "goferd";
constexpr int kMaxDetails = 16;

template <class Message>
bool ReadPayload(const absl::Status& status, const char* url,
                 Message* message) {
  const auto payload = status.GetPayload(url);
  return payload.has_value() && message->ParseFromString(std::string(*payload));
}

void ReadErrorInfo(const absl::Status& status, ErrorDetails* details) {
  google::rpc::ErrorInfo info;
  if (!ReadPayload(status, kErrorInfoUrl, &info)) return;
  if (info.domain() != kDomain) return;
  details->reason_name = info.reason();
  if (!admin::v1::ErrorReason_Parse(info.reason(), &details->reason)) {
    details->reason = admin::v1::ERROR_REASON_UNSPECIFIED;
  }
  details->metadata = {info.metadata().begin(), info.metadata().end()};
}

void ReadBadRequest(const absl::Status& status, ErrorDetails* details) {
  google::rpc::BadRequest bad_request;
  if (!ReadPayload(status, kBadRequestUrl, &bad_request)) return;
  for (const auto& violation : bad_request.field_violations()) {
    details->field_violations.push_back(
        {violation.field(), violation.description(), violation.reason()});
  }
}

void ReadRetryInfo(const absl::Status& status, ErrorDetails* details) {
  google::rpc::RetryInfo retry;
  if (!ReadPayload(status, kRetryInfoUrl, &retry)) return;
  if (!retry.has_retry_delay()) return;
  details->retry_delay = absl::Seconds(retry.retry_delay().seconds()) +
                         absl::Nanoseconds(retry.retry_delay().nanos());
}

}  // namespace

absl::Status ToAbslStatus(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  absl::Status result(static_cast<absl::StatusCode>(status.error_code()),
                      status.error_message());
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) return result;
  const int count = std::min(details.details_size(), kMaxDetails);
  for (int i = 0; i < count; ++i) {
    const auto& detail = details.details(i);
    result.SetPayload(detail.type_url(), absl::Cord(detail.value()));
  }
  return result;
}

ErrorDetails DetailsOf(const absl::Status& status) {
  ErrorDetails details;
  if (status.ok()) return details;
  ReadErrorInfo(status, &details);
  ReadBadRequest(status, &details);
  ReadRetryInfo(status, &details);
  return details;
}

}  // namespace goferd::client
