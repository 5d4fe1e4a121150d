// StepNames: the steps by which a process confines itself, as goferd shows
// them.

#ifndef GOFER_SERVER_WORKER_SANDBOX_STEPS_H_
#define GOFER_SERVER_WORKER_SANDBOX_STEPS_H_

#include <string>
#include <vector>

#include "server/sandbox/plan.h"

namespace gofer::worker {

// The names of the steps that carrying out `plan` takes, in order. Landlock is
// among them only if the kernel has it: call this before the filter is
// installed, which does not let us ask.
std::vector<std::string> StepNames(const sandbox::Plan& plan);

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_SANDBOX_STEPS_H_
