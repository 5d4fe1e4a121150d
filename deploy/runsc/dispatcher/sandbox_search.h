#ifndef DEPLOY_RUNSC_DISPATCHER_SANDBOX_SEARCH_H_
#define DEPLOY_RUNSC_DISPATCHER_SANDBOX_SEARCH_H_

#include <optional>
#include <string>
#include <string_view>

#include "deploy/runsc/dispatcher/helper_call.h"

namespace gofer::dispatcher {

// The command line of the running sandbox `id` that was started by a runsc
// whose
// --root is not another one than this; none when there is no such process, or
// when /proc hides it. The command line of a process says which flags it obeys.
//
// Parameters: `proc` is where procfs is mounted. Thread-safe.
std::optional<HelperCall> FindSandbox(const std::string& id,
                                      std::string_view root,
                                      const std::string& proc = "/proc");

// The sandbox of a container, by the name of the file in which runsc keeps the
// container's state below its root; empty when there is none.
std::string FindSandboxOf(const std::string& container,
                          const std::string& root_folder);

}  // namespace gofer::dispatcher

#endif  // DEPLOY_RUNSC_DISPATCHER_SANDBOX_SEARCH_H_
