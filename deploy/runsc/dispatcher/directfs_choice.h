#ifndef DEPLOY_RUNSC_DISPATCHER_DIRECTFS_CHOICE_H_
#define DEPLOY_RUNSC_DISPATCHER_DIRECTFS_CHOICE_H_

#include <string>

#include "deploy/runsc/dispatcher/helper_call.h"
#include "deploy/runsc/dispatcher/installed_paths.h"

namespace gofer::dispatcher {

// With directfs the sandbox gets a descriptor of each mount and works on files
// without its gofer. Gofer and sandbox each obey the flag on their own command
// line, and runsc starts both through the dispatcher, which can so switch it
// off for both.
//
// What counts, strongest first: for a container that joins a pod's sandbox, the
// flag of that running sandbox, since a gofer that differs breaks the mount;
// the annotation dev.goferd.directfs, "on" or "off"; the installation's value.
// "on" leaves the flag as runsc gave it.
//
// Changes `call`, the command line of a gofer or a sandbox. Returns why the
// helper must not start; empty when it may. A runsc that does not know the flag
// works as if it was off, and its command lines stay as they are.
//
// Parameters: `proc` is where procfs is mounted.
std::string ApplyDirectfs(const InstalledPaths& installed, HelperCall& call,
                          const std::string& proc = "/proc");

}  // namespace gofer::dispatcher

#endif  // DEPLOY_RUNSC_DISPATCHER_DIRECTFS_CHOICE_H_
