// StageError: why a gofer could not start.

#ifndef GOFER_SERVER_WORKER_STAGE_ERROR_H_
#define GOFER_SERVER_WORKER_STAGE_ERROR_H_

#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/base/errno.h"
#include "server/sandbox/step.h"
#include "server/worker/exit_code.h"

namespace gofer::worker {

// `text` is one line: the stage, what it was about, and why, with control
// characters of paths and the like escaped.
struct StageError {
  StageError(absl::string_view stage, absl::string_view why, ExitCode exit_code)
      : text(absl::StrCat(stage, ": ", absl::Utf8SafeCHexEscape(why))),
        code(exit_code) {}
  StageError(absl::string_view stage, absl::string_view what, base::Errno error,
             ExitCode exit_code)
      : StageError(stage,
                   absl::StrCat(what, ": ", std::strerror(error.number())),
                   exit_code) {}

  explicit StageError(const sandbox::StepError& error)
      : text(error.Text()), code(ExitCodeOf(error.step)) {}

  std::string text;
  ExitCode code;
};

// What a stage returns: nothing when it succeeded.
using StageResult = std::optional<StageError>;

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_STAGE_ERROR_H_
