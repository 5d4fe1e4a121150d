// Step: what the process does to confine itself, in this order.

#ifndef GOFER_SERVER_SANDBOX_STEP_H_
#define GOFER_SERVER_SANDBOX_STEP_H_

#include <string>

#include "absl/strings/string_view.h"
#include "server/base/errno.h"

namespace gofer::sandbox {

enum class Step {
  // MountTree.
  kMountNamespace,
  kPropagation,
  kProcSelfFd,
  kBindRoot,
  kStage,
  kBindMount,
  kMakeDirectory,
  kReadonlyRoot,
  kPivotRoot,
  kHideProc,
  // Confine.
  kFdLimit,
  kNoNewPrivileges,
  kCapabilities,
  kLandlock,
  kSyscallFilter,
};

// "pivot-root".
absl::string_view Name(Step step);

// A step that failed. What was done before stays done: the process must end.
struct StepError {
  Step step;
  // What the step was about, such as "/srv/data on /data".
  std::string what;
  base::Errno error;

  // "bind-mount: /srv/data on /data: No such file or directory".
  std::string Text() const;
};

}  // namespace gofer::sandbox

#endif  // GOFER_SERVER_SANDBOX_STEP_H_
