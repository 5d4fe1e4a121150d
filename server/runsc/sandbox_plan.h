// MakeSandboxPlan: how a container's gofer confines itself, from its spec.

#ifndef GOFER_SERVER_RUNSC_SANDBOX_PLAN_H_
#define GOFER_SERVER_RUNSC_SANDBOX_PLAN_H_

#include <string>
#include <variant>
#include <vector>

#include "server/oci/oci_spec.h"
#include "server/runsc/gofer_flags.h"
#include "server/runsc/served_mounts.h"
#include "server/sandbox/plan.h"

namespace gofer::runsc {

struct SandboxPlanError {
  std::string text;  // One line without a newline.
};

// `mounts` are GoferMounts(spec, flags). The plan's binds are the served mounts
// without the root, in order. Touches nothing. Errors: an option or propagation
// that a gofer must refuse (shared).
std::variant<sandbox::Plan, SandboxPlanError> MakeSandboxPlan(
    const oci::OciSpec& spec, const std::vector<GoferMount>& mounts,
    const GoferFlags& flags);

}  // namespace gofer::runsc

#endif  // GOFER_SERVER_RUNSC_SANDBOX_PLAN_H_
