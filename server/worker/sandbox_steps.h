// StepNames: what a process did to confine itself, for goferd to tell.

#ifndef GOFER_SERVER_WORKER_SANDBOX_STEPS_H_
#define GOFER_SERVER_WORKER_SANDBOX_STEPS_H_

#include <string>
#include <vector>

#include "server/sandbox/plan.h"

namespace gofer::worker {

// The names of the steps that carrying out `plan` takes, in order. Landlock
// among them only if the kernel has it, which is asked: before the filter is
// installed.
std::vector<std::string> StepNames(const sandbox::Plan& plan);

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_SANDBOX_STEPS_H_
