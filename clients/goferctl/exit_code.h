// Exit codes: what a shell learns of a run.

#ifndef GOFERD_CLIENTS_GOFERCTL_EXIT_CODE_H_
#define GOFERD_CLIENTS_GOFERCTL_EXIT_CODE_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace goferctl {

// The command line is wrong (EX_USAGE).
inline constexpr int kExitUsage = 64;
// `connect` could not run the program, or did not find it. Shells use the same
// numbers.
inline constexpr int kExitCannotRun = 126;
inline constexpr int kExitNoProgram = 127;

// A status for a wrong command line.
absl::Status UsageError(absl::string_view text);
bool IsUsageError(const absl::Status& status);

// A status for a program that could not be run.
absl::Status ExecError(absl::string_view program, int error_number);

// A status for results that stdout did not take, such as on a full disk:
// DATA_LOSS.
absl::Status OutputError();

// Marks a status whose text is on stderr already.
absl::Status Reported(absl::Status status);
bool IsReported(const absl::Status& status);

// The number of the gRPC code; kExitUsage, kExitCannotRun and kExitNoProgram
// for the statuses above.
int ExitCodeOf(const absl::Status& status);

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_EXIT_CODE_H_
