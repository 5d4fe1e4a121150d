// Confine: gives up what the process will not need, for good.

#ifndef GOFER_SERVER_SANDBOX_CONFINE_H_
#define GOFER_SERVER_SANDBOX_CONFINE_H_

#include <optional>

#include "server/sandbox/plan.h"
#include "server/sandbox/step.h"
#include "server/sandbox/tree_builder.h"

namespace gofer::sandbox {

// Gives the calling thread, which must be the only one, a network namespace of
// its own, and IPC and UTS namespaces where the host lets it. Errors: EPERM
// without CAP_SYS_ADMIN, ENOSPC at the host's limit (user.max_net_namespaces
// and the like), EINVAL when the kernel has no such namespaces.
std::optional<StepError> EnterNamespaces();

// Carries out `plan` without its tree: namespaces, the limit of descriptors, no
// new privileges, capabilities, Landlock, the filter of system calls, in this
// order. `tree` is what MountTree returned, null if the plan has none; its
// mounts stay accessible under Landlock even in detached copies.
//
// The process must have one thread: all of this belongs to the calling thread,
// and only threads that it starts inherit it. A capability that is not
// permitted now is left out with a warning. With a filter, a system call that
// the plan does not allow kills the process.
std::optional<StepError> Confine(const Plan& plan,
                                 const MountedTree* tree = nullptr);

}  // namespace gofer::sandbox

#endif  // GOFER_SERVER_SANDBOX_CONFINE_H_
