#include "controlplane/service/status_translation.h"

#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "controlplane/errors/error.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/base/log.h"

namespace goferd::service {
namespace {

constexpr size_t kMaxTextBytes = 1024;
constexpr char kBadRequestUrl[] = "type.googleapis.com/google.rpc.BadRequest";
constexpr char kDetailsPrefix[] = "type.googleapis.com/google.rpc.";

// Cuts a text between characters: gRPC and protobuf want UTF-8.
std::string CutText(absl::string_view text) {
  if (text.size() <= kMaxTextBytes) return std::string(text);
  size_t end = kMaxTextBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) {
    --end;
  }
  return std::string(text.substr(0, end));
}

absl::Status WithReason(const absl::Status& status) {
  if (errors::ReasonOf(status) != errors::Reason::ERROR_REASON_UNSPECIFIED) {
    return status;
  }
  static gofer::base::RateLimit limit;
  uint64_t suppressed = 0;
  if (limit.Allow(&suppressed)) {
    gofer::base::Log().error("error without a reason: {}", status.ToString());
  }
  return errors::Error(errors::Reason::INTERNAL_FAULT, status.message());
}

google::rpc::Status ToRpcStatus(const absl::Status& status) {
  google::rpc::Status rpc;
  rpc.set_code(static_cast<int>(status.code()));
  rpc.set_message(CutText(status.message()));
  status.ForEachPayload(
      [&rpc](absl::string_view url, const absl::Cord& payload) {
        if (!absl::StartsWith(url, kDetailsPrefix)) return;
        google::protobuf::Any& detail = *rpc.add_details();
        detail.set_type_url(std::string(url));
        detail.set_value(std::string(payload));
      });
  return rpc;
}

// Leaves out field violations until `rpc` is small enough, and says how many.
void Shrink(google::rpc::Status& rpc) {
  // Room for the entry that says so, and for lengths that change.
  constexpr size_t kSpare = 128;
  if (rpc.ByteSizeLong() <= kMaxDetailsBytes) return;
  for (google::protobuf::Any& detail : *rpc.mutable_details()) {
    google::rpc::BadRequest request;
    if (detail.type_url() != kBadRequestUrl ||
        !request.ParseFromString(detail.value())) {
      continue;
    }
    const size_t others = rpc.ByteSizeLong() - detail.value().size() + kSpare;
    auto& violations = *request.mutable_field_violations();
    const int count = violations.size();
    size_t size = request.ByteSizeLong();
    while (!violations.empty() && others + size > kMaxDetailsBytes) {
      size -= violations[violations.size() - 1].ByteSizeLong();
      violations.RemoveLast();
    }
    const int left_out = count - violations.size();
    violations.Add()->set_description(
        absl::StrCat(left_out, " more are left out here"));
    detail.set_value(request.SerializeAsString());
  }
}

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  // The client has cancelled the call, and reads no details.
  if (status.code() == absl::StatusCode::kCancelled) {
    return grpc::Status::CANCELLED;
  }
  const absl::Status with_reason = WithReason(status);
  google::rpc::Status rpc = ToRpcStatus(with_reason);
  Shrink(rpc);
  const std::string details =
      rpc.ByteSizeLong() <= kMaxDetailsBytes ? rpc.SerializeAsString() : "";
  return {static_cast<grpc::StatusCode>(with_reason.code()), rpc.message(),
          details};
}

}  // namespace goferd::service
