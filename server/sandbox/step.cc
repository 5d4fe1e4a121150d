#include "server/sandbox/step.h"

#include <cstring>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace gofer::sandbox {

absl::string_view Name(Step step) {
  switch (step) {
    case Step::kMountNamespace:
      return "mount-namespace";
    case Step::kPropagation:
      return "propagation";
    case Step::kProcSelfFd:
      return "proc-self-fd";
    case Step::kBindRoot:
      return "bind-root";
    case Step::kStage:
      return "stage";
    case Step::kBindMount:
      return "bind-mount";
    case Step::kMakeDirectory:
      return "make-directory";
    case Step::kReadonlyRoot:
      return "readonly-root";
    case Step::kPivotRoot:
      return "pivot-root";
    case Step::kHideProc:
      return "hide-proc";
    case Step::kFdLimit:
      return "fd-limit";
    case Step::kNoNewPrivileges:
      return "no-new-privileges";
    case Step::kCapabilities:
      return "capabilities";
    case Step::kLandlock:
      return "landlock";
    case Step::kSyscallFilter:
      return "syscall-filter";
    case Step::kIdMap:
      return "id-map";
    case Step::kTreeReady:
      return "tree-ready";
    case Step::kNamespaces:
      return "namespaces";
  }
  return "unknown";
}

std::string StepError::Text() const {
  const absl::string_view reason = std::strerror(error.number());
  if (what.empty()) return absl::StrCat(Name(step), ": ", reason);
  return absl::StrCat(Name(step), ": ", absl::Utf8SafeCHexEscape(what), ": ",
                      reason);
}

}  // namespace gofer::sandbox
