// FindCgroupParent: the control group below which gofers get theirs when the
// configuration names none.

#ifndef GOFERD_CONTROLPLANE_PROCESS_CGROUP_PARENT_H_
#define GOFERD_CONTROLPLANE_PROCESS_CGROUP_PARENT_H_

#include <sys/types.h>

#include <string>

#include "absl/status/statusor.h"

namespace goferd::process {

// Where to look, and who we are.
struct CgroupSelf {
  static CgroupSelf OfThisProcess();

  // As /proc/self/cgroup and /proc/self/mountinfo.
  std::string cgroup_file;
  std::string mountinfo_file;
  pid_t pid = 0;
  // A service manager started us, and will start the next goferd in the group
  // in which it started us.
  bool is_service = false;
};

// Our own group of version 2, if it is delegated to us; its directory. A group
// that hands controllers to groups below it holds no processes, so:
//
// - in a group named "goferd" (a unit with Delegate= and DelegateSubgroup=
//   goferd) whose parent has nothing else below it, that parent is taken;
// - otherwise, in a group that holds us alone, we move to a group "goferd"
//   below it. Not as a service: the manager could start no other goferd in it.
//
// Groups that hold others, the root's among them, are left as they are. Hands
// the memory controller down where there is one. A failure says why, for the
// log. Called before there are gofers.
absl::StatusOr<std::string> FindCgroupParent(const CgroupSelf& self);

}  // namespace goferd::process

#endif  // GOFERD_CONTROLPLANE_PROCESS_CGROUP_PARENT_H_
