// Step: what the process does to confine itself, in this order.

#ifndef GOFER_SERVER_SANDBOX_STEP_H_
#define GOFER_SERVER_SANDBOX_STEP_H_

#include <string>

#include "absl/strings/string_view.h"
#include "server/base/errno.h"

namespace gofer::sandbox {

// The steps are in the order in which they are taken, except for the last
// three. DO NOT CHANGE a value: exit codes of the gofer are made from them.
enum class Step {
  // MountTree.
  kMountNamespace = 0,
  kPropagation = 1,
  kProcSelfFd = 2,
  kBindRoot = 3,
  kStage = 4,
  kHideProc = 5,
  kBindMount = 6,
  kMakeDirectory = 7,
  kReadonlyRoot = 8,
  kPivotRoot = 9,
  // Confine.
  kFdLimit = 10,
  kNoNewPrivileges = 11,
  kCapabilities = 12,
  kLandlock = 13,
  kSyscallFilter = 14,
  // MountTree, before kStage.
  kIdMap = 15,
  // MountTree, before kReadonlyRoot.
  kTreeReady = 16,
  // EnterNamespaces, before kFdLimit.
  kNamespaces = 17,
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
