#ifndef DEPLOY_RUNSC_DISPATCHER_SANDBOX_SEARCH_H_
#define DEPLOY_RUNSC_DISPATCHER_SANDBOX_SEARCH_H_

#include <optional>
#include <string>

#include "deploy/runsc/dispatcher/helper_call.h"

namespace gofer::dispatcher {

// The command line of the running sandbox `id`, which says which flags it
// obeys. Anybody can start a process with such a command line, so only the one
// counts that runsc has noted in the sandbox's state below its --root, where
// runsc's user alone writes. None when there is no such process, or when /proc
// hides it.
//
// Parameters: `proc` is where procfs is mounted. Thread-safe.
std::optional<HelperCall> FindSandbox(const std::string& id,
                                      const std::string& root,
                                      const std::string& proc = "/proc");

// The sandbox of a container, by the name of the file in which runsc keeps the
// container's state below its root; empty when there is none.
std::string FindSandboxOf(const std::string& container,
                          const std::string& root_folder);

}  // namespace gofer::dispatcher

#endif  // DEPLOY_RUNSC_DISPATCHER_SANDBOX_SEARCH_H_
