// FindCgroupParent: the control group below which gofers get their groups when
// the configuration names none.

#ifndef GOFERD_CONTROLPLANE_PROCESS_CGROUP_PARENT_H_
#define GOFERD_CONTROLPLANE_PROCESS_CGROUP_PARENT_H_

#include <sys/types.h>

#include <string>

#include "absl/status/statusor.h"

namespace goferd::process {

// The files to look at, and our process.
struct CgroupSelf {
  static CgroupSelf OfThisProcess();

  // The paths of /proc/self/cgroup and /proc/self/mountinfo, or of test files.
  std::string cgroup_file;
  std::string mountinfo_file;
  pid_t pid = 0;
  // True when a service manager has started us: it will start the next goferd
  // in the group in which it started us.
  bool is_service = false;
};

// Returns the directory of our own group of version 2, if it is delegated to
// us. A group that hands controllers to groups below it must hold no processes,
// so:
//
// - in a group named "goferd" (a unit with Delegate= and DelegateSubgroup=
//   goferd) whose parent has nothing else below it, that parent is taken;
// - otherwise, in a group that holds us alone, we move to a group "goferd"
//   below it. A service does not: its manager could start no goferd in it
//   again.
//
// Groups that hold other processes, the root group among them, are left as they
// are. Hands the memory controller down where there is one. A failure says why,
// for the log. Call it before there are gofers: they would be in our group.
absl::StatusOr<std::string> FindCgroupParent(const CgroupSelf& self);

}  // namespace goferd::process

#endif  // GOFERD_CONTROLPLANE_PROCESS_CGROUP_PARENT_H_
