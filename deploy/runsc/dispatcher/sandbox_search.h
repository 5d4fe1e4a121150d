#ifndef DEPLOY_RUNSC_DISPATCHER_SANDBOX_SEARCH_H_
#define DEPLOY_RUNSC_DISPATCHER_SANDBOX_SEARCH_H_

#include <optional>
#include <string>

#include "deploy/runsc/dispatcher/helper_call.h"

namespace gofer::dispatcher {

// The command line of the running sandbox `id` that was started by a runsc with
// the same --root as `call`; none when there is no such process, or when /proc
// hides it. The command line of a process says which flags it obeys.
//
// Parameters: `proc` is where procfs is mounted. Thread-safe.
std::optional<HelperCall> FindSandbox(const std::string& id,
                                      const HelperCall& call,
                                      const std::string& proc = "/proc");

}  // namespace gofer::dispatcher

#endif  // DEPLOY_RUNSC_DISPATCHER_SANDBOX_SEARCH_H_
