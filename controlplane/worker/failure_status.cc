// ToStatus: translates a gofer's failure for a caller of the admin API.

#include <string>

#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"
#include "controlplane/worker/gofer_client.h"
#include "server/base/text.h"

namespace goferd::worker {
namespace {

using errors::Reason;
using gofer::base::PlainText;
using wire::Failure;

constexpr size_t kMaxText = 1024;
constexpr size_t kMaxStep = 64;
constexpr int kMaxErrno = 4095;
constexpr int kRetryMs = 1000;

// The step names the missing capability; older gofers do not name it.
std::string CapabilityOf(const std::string& step) {
  return step.empty() ? "other" : step;
}

absl::Status HostError(const Failure& failure, absl::string_view text,
                       const std::string& step) {
  const int number = failure.error_number();
  if (number <= 0 || number > kMaxErrno) {
    return errors::Error(Reason::INTERNAL_FAULT,
                         absl::StrCat(text, ": no error number"),
                         {{"step", step}});
  }
  return errors::FromErrno(number, text, {{"step", step}});
}

}  // namespace

absl::Status ToStatus(const Failure& failure) {
  const std::string step = PlainText(failure.step(), kMaxStep);
  std::string text = PlainText(failure.text(), kMaxText);
  if (text.empty()) text = absl::StrCat("the gofer refuses: ", step);
  switch (failure.code()) {
    case Failure::HOST_ERROR:
      return HostError(failure, text, step);
    case Failure::NOT_FOUND:
      return errors::Error(Reason::CONNECTION_NOT_FOUND, text);
    case Failure::ALREADY_EXISTS:
      return errors::Error(Reason::CONNECTION_ALREADY_EXISTS, text);
    case Failure::WRONG_STATE:
      return errors::ErrorWithRetry(Reason::OPERATION_PENDING, text, kRetryMs);
    case Failure::DRAINING:
      return errors::Error(Reason::SERVER_DRAINING, text);
    case Failure::CONNECTION_LIMIT:
      return errors::ErrorWithRetry(
          Reason::CONNECTION_LIMIT,
          absl::StrCat(text,
                       ": stop a connection, or raise the server's limits"),
          kRetryMs);
    case Failure::FD_LIMIT:
      return errors::ErrorWithRetry(
          Reason::FD_LIMIT,
          absl::StrCat(text,
                       ": stop connections, or raise the server's limits"),
          kRetryMs, {{"errno", "EMFILE"}, {"step", step}});
    case Failure::UNKNOWN_MID:
      return errors::Error(Reason::UNKNOWN_MID, text);
    case Failure::UNKNOWN_IMPLEMENTATION:
      return errors::Error(Reason::FIELD_INVALID, text);
    case Failure::KERNEL_FEATURE_MISSING:
      return errors::Error(
          Reason::KERNEL_FEATURE_MISSING,
          absl::StrCat(text, ": sandbox_mode FULL works without it"),
          {{"feature", step}});
    case Failure::UNSUPPORTED:
      return errors::Error(Reason::GOFER_CAPABILITY_MISSING, text,
                           {{"capability", CapabilityOf(step)}});
    case Failure::INCOMPATIBLE:
      return errors::Error(Reason::GOFER_CAPABILITY_MISSING, text,
                           {{"capability", "protocol-version"}});
    default:
      return errors::Error(Reason::INTERNAL_FAULT, text);
  }
}

}  // namespace goferd::worker
