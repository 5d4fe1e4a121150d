#ifndef DEPLOY_RUNSC_DISPATCHER_DIRECTFS_CHOICE_H_
#define DEPLOY_RUNSC_DISPATCHER_DIRECTFS_CHOICE_H_

#include <string>

#include "deploy/runsc/dispatcher/helper_call.h"
#include "deploy/runsc/dispatcher/installed_paths.h"
#include "deploy/runsc/dispatcher/runsc_call.h"

namespace gofer::dispatcher {

// With directfs the sandbox gets a descriptor of each mount and works on files
// without its gofer. Whether it is on is a flag of runsc, which hands it to
// gofer and sandbox on their command lines, and to a running sandbox with each
// container that joins it. So the flag is added to runsc's own command line.
//
// What counts, strongest first: for a container that joins a pod's sandbox, the
// flag of that running sandbox, whose system call filter hangs on it; the
// annotation dev.goferd.directfs, "on" or "off"; the installation's value,
// "on", "off", or "never", which refuses a container that says "on". "on"
// leaves the flag as runsc was given it. A runsc that does not know the flag
// works as if it was off, and its command lines stay as they are.
//
// Parameters: `proc` is where procfs is mounted. Thread-safe.

struct DirectfsChoice {
  bool off = false;   // --directfs=false is to be added
  std::string error;  // why runsc must not start; else empty
};

// For a call of runsc by its user.
DirectfsChoice ChooseDirectfs(const InstalledPaths& installed,
                              const RunscCall& call,
                              const std::string& proc = "/proc");

// The second look, at the command line of a gofer or a sandbox, where the spec
// is known for certain: adds the flag if it is missing. Returns why the helper
// must not start; empty when it may.
std::string ApplyDirectfs(const InstalledPaths& installed, HelperCall& call,
                          const std::string& proc = "/proc");

}  // namespace gofer::dispatcher

#endif  // DEPLOY_RUNSC_DISPATCHER_DIRECTFS_CHOICE_H_
