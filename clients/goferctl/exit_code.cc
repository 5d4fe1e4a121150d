#include "clients/goferctl/exit_code.h"

#include <cerrno>
#include <cstring>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace goferctl {
namespace {

// Payload of a status whose exit code is not its gRPC code.
constexpr char kExitCodeUrl[] = "goferctl/exit-code";
constexpr char kReportedUrl[] = "goferctl/reported";

absl::Status WithExitCode(absl::Status status, int code) {
  status.SetPayload(kExitCodeUrl, absl::Cord(absl::StrCat(code)));
  return status;
}

}  // namespace

absl::Status UsageError(absl::string_view text) {
  return WithExitCode(absl::InvalidArgumentError(text), kExitUsage);
}

bool IsUsageError(const absl::Status& status) {
  return ExitCodeOf(status) == kExitUsage;
}

absl::Status ExecError(absl::string_view program, int error_number) {
  return WithExitCode(absl::FailedPreconditionError(absl::StrCat(
                          program, ": ", std::strerror(error_number))),
                      error_number == ENOENT ? kExitNoProgram : kExitCannotRun);
}

absl::Status OutputError() {
  return absl::DataLossError("cannot write to standard output");
}

absl::Status Reported(absl::Status status) {
  status.SetPayload(kReportedUrl, absl::Cord());
  return status;
}

bool IsReported(const absl::Status& status) {
  return status.GetPayload(kReportedUrl).has_value();
}

int ExitCodeOf(const absl::Status& status) {
  int code = 0;
  if (const auto own = status.GetPayload(kExitCodeUrl);
      own.has_value() && absl::SimpleAtoi(std::string(*own), &code)) {
    return code;
  }
  return static_cast<int>(status.code());
}

}  // namespace goferctl
