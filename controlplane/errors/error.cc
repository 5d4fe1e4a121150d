#include "controlplane/errors/error.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"

namespace goferd::errors {
namespace {

using absl::StatusCode;

constexpr char kDomain[] = "goferd";
constexpr char kErrorInfoUrl[] = "type.googleapis.com/google.rpc.ErrorInfo";
constexpr char kBadRequestUrl[] = "type.googleapis.com/google.rpc.BadRequest";
constexpr char kRetryInfoUrl[] = "type.googleapis.com/google.rpc.RetryInfo";
constexpr size_t kMostViolations = 1000;
// A caller retries after this time when the host has run out of something,
// which other processes have to give back.
constexpr int kHostRetryMs = 5000;

template <class Message>
void Attach(absl::Status& status, const char* url, const Message& message) {
  status.SetPayload(url, absl::Cord(message.SerializeAsString()));
}

absl::Status Make(StatusCode code, Reason reason, absl::string_view text,
                  const Metadata& metadata) {
  absl::Status status(code, text);
  google::rpc::ErrorInfo info;
  info.set_reason(admin::v1::ErrorReason_Name(reason));
  info.set_domain(kDomain);
  for (const auto& [key, value] : metadata) {
    (*info.mutable_metadata())[key] = value;
  }
  Attach(status, kErrorInfoUrl, info);
  return status;
}

Reason ReasonOfErrno(int error_number) {
  switch (error_number) {
    case ENOENT:
      return Reason::PATH_NOT_FOUND;
    case ENOTDIR:
      return Reason::ROOT_NOT_DIRECTORY;
    case EMFILE:
    case ENFILE:
      return Reason::FD_LIMIT;
    case ENOSPC:
    case EDQUOT:
    case ENOMEM:
      return Reason::STORAGE_LIMIT;
    case EAGAIN:
      return Reason::PROCESS_LIMIT;
    case ELOOP:
    case ENAMETOOLONG:
    case EINVAL:
      return Reason::FIELD_INVALID;
    case EACCES:
    case EPERM:
    case EROFS:
      return Reason::HOST_PERMISSION;
    case ENOSYS:
      return Reason::KERNEL_FEATURE_MISSING;
    default:
      return Reason::INTERNAL_FAULT;
  }
}

// Says what to do about a failed system call; begins with ": ", or is empty.
absl::string_view AdviceFor(Reason reason) {
  switch (reason) {
    case Reason::PATH_NOT_FOUND:
      return ": check the path";
    case Reason::ROOT_NOT_DIRECTORY:
      return ": a directory is needed";
    case Reason::FD_LIMIT:
      return ": close what is not needed, or raise the limit of open files";
    case Reason::STORAGE_LIMIT:
      return ": make room there";
    case Reason::PROCESS_LIMIT:
      return ": end what is not needed, or raise the limit of processes";
    case Reason::HOST_PERMISSION:
      return ": goferd's user needs the right to do that";
    case Reason::INTERNAL_FAULT:
      return ": please report it, with goferd's log";
    default:
      return "";
  }
}

std::string NameOfErrno(int error_number) {
  const char* const name = ::strerrorname_np(error_number);
  return name != nullptr ? name : absl::StrCat(error_number);
}

std::string DescribeErrno(int error_number) {
  const char* const text = ::strerrordesc_np(error_number);
  return text != nullptr ? text : absl::StrCat("error ", error_number);
}

}  // namespace

StatusCode CodeOf(Reason reason) {
  switch (reason) {
    case Reason::FIELD_INVALID:
    case Reason::PATH_NOT_ABSOLUTE:
    case Reason::PATH_NOT_ALLOWED:
    case Reason::UNKNOWN_MID:
    case Reason::PAGE_TOKEN_MISMATCH:
    case Reason::REQUEST_ID_REUSED:
      return StatusCode::kInvalidArgument;
    case Reason::SERVER_NOT_FOUND:
    case Reason::CONNECTION_NOT_FOUND:
    case Reason::RULE_NOT_FOUND:
    case Reason::PATH_NOT_FOUND:
      return StatusCode::kNotFound;
    case Reason::SERVER_ALREADY_EXISTS:
    case Reason::CONNECTION_ALREADY_EXISTS:
    case Reason::RULE_ALREADY_EXISTS:
      return StatusCode::kAlreadyExists;
    case Reason::SERVER_NOT_EMPTY:
    case Reason::SERVER_DRAINING:
    case Reason::SERVER_STOPPED:
    case Reason::CONNECTION_NOT_PENDING:
    case Reason::KERNEL_FEATURE_MISSING:
    case Reason::GOFER_CAPABILITY_MISSING:
    case Reason::ROOT_NOT_DIRECTORY:
    case Reason::SANDBOX_KILL_NOT_ACKNOWLEDGED:
    case Reason::HOST_PERMISSION:
    case Reason::ESCAPED_BY_CONNECTIONS:
      return StatusCode::kFailedPrecondition;
    case Reason::ETAG_MISMATCH:
    case Reason::OPERATION_PENDING:
      return StatusCode::kAborted;
    case Reason::CONNECTION_LIMIT:
    case Reason::FD_LIMIT:
    case Reason::PROCESS_LIMIT:
    case Reason::TICKET_LIMIT:
    case Reason::RULE_LIMIT:
    case Reason::STORAGE_LIMIT:
      return StatusCode::kResourceExhausted;
    case Reason::COMPACTED:
      return StatusCode::kOutOfRange;
    case Reason::STARTING:
    case Reason::SHUTTING_DOWN:
    case Reason::GOFER_UNREACHABLE:
    case Reason::SERVER_STOPPING:
      return StatusCode::kUnavailable;
    case Reason::ROLE_REQUIRED:
    case Reason::PEER_MISMATCH:
      return StatusCode::kPermissionDenied;
    case Reason::TICKET_INVALID:
      return StatusCode::kUnauthenticated;
    default:
      return StatusCode::kInternal;
  }
}

absl::Status Error(Reason reason, absl::string_view text,
                   const Metadata& metadata) {
  return Make(CodeOf(reason), reason, text, metadata);
}

absl::Status NoIdentity(absl::string_view text, const Metadata& metadata) {
  return Make(StatusCode::kUnauthenticated, Reason::ROLE_REQUIRED, text,
              metadata);
}

absl::Status ErrorWithRetry(Reason reason, absl::string_view text,
                            int retry_after_ms, const Metadata& metadata) {
  absl::Status status = Error(reason, text, metadata);
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(retry_after_ms / 1000);
  retry.mutable_retry_delay()->set_nanos(retry_after_ms % 1000 * 1'000'000);
  Attach(status, kRetryInfoUrl, retry);
  return status;
}

Reason ReasonOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kErrorInfoUrl);
  google::rpc::ErrorInfo info;
  Reason reason = Reason::ERROR_REASON_UNSPECIFIED;
  if (payload && info.ParseFromString(std::string(*payload)) &&
      info.domain() == kDomain) {
    admin::v1::ErrorReason_Parse(info.reason(), &reason);
  }
  return reason;
}

absl::Status FromErrno(int error_number, absl::string_view what,
                       const Metadata& metadata) {
  Metadata all = {{"errno", NameOfErrno(error_number)}};
  all.insert(all.end(), metadata.begin(), metadata.end());
  const Reason reason = ReasonOfErrno(error_number);
  const std::string text =
      absl::StrCat(what, ": ", DescribeErrno(error_number), AdviceFor(reason));
  if (CodeOf(reason) == StatusCode::kResourceExhausted) {
    return ErrorWithRetry(reason, text, kHostRetryMs, all);
  }
  return Error(reason, text, all);
}

void FieldViolations::Add(absl::string_view field, absl::string_view text,
                          Reason reason) {
  violations_.push_back({std::string(field), std::string(text), reason});
}

absl::Status FieldViolations::ToStatus() const {
  if (violations_.empty()) return absl::OkStatus();
  Reason common = violations_.front().reason;
  google::rpc::BadRequest bad_request;
  const size_t count = std::min(violations_.size(), kMostViolations);
  for (size_t i = 0; i < violations_.size(); ++i) {
    const Violation& violation = violations_[i];
    if (violation.reason != common) common = Reason::FIELD_INVALID;
    if (i >= count) continue;
    auto& to = *bad_request.add_field_violations();
    to.set_field(violation.field);
    to.set_description(violation.text);
    to.set_reason(admin::v1::ErrorReason_Name(violation.reason));
  }
  const Violation& first = violations_.front();
  std::string text = absl::StrCat(first.field, ": ", first.text);
  if (violations_.size() > 1) {
    absl::StrAppend(&text, " (and ", violations_.size() - 1, " more)");
  }
  absl::Status status = Make(StatusCode::kInvalidArgument, common, text, {});
  Attach(status, kBadRequestUrl, bad_request);
  return status;
}

}  // namespace goferd::errors
