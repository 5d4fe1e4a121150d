// MountTree: makes the file tree of a plan, and makes it all that this process
// can reach.

#ifndef GOFER_SERVER_SANDBOX_TREE_BUILDER_H_
#define GOFER_SERVER_SANDBOX_TREE_BUILDER_H_

#include <string>
#include <variant>
#include <vector>

#include "server/base/unique_fd.h"
#include "server/sandbox/plan.h"
#include "server/sandbox/step.h"

namespace gofer::sandbox {

// What is left for the process to work with. All of this process and its mount
// namespace.
struct MountedTree {
  // O_PATH, "/" of the tree.
  base::UniqueFd root;
  // O_PATH, /proc/self/fd: the root of a detached mount, so that `..` ends
  // there; where the kernel refuses that, as it may in a user namespace, the
  // directory itself.
  base::UniqueFd proc_self_fd;
  // /proc/self/mountinfo, with the paths of the tree.
  base::UniqueFd mount_info;
  // Of each bind, where in the tree it is: without symlinks, "/data".
  std::vector<std::string> destinations;
};

// Where the files of a plan are, when they have been looked up before: O_PATH
// descriptors of our mount namespace, borrowed. The plan's paths of the host
// are only words then.
struct TreeSources {
  int root = -1;
  // Of the binds, in order.
  std::vector<int> binds = {};
};

// Afterwards the process's root and working directory are the tree, and nothing
// else is in its mount namespace. Nor is a procfs: where the tree has one,
// there is an empty directory. Descriptors opened before still lead out: the
// caller closes them.
//
// The process must have one thread and CAP_SYS_ADMIN; with `sources`, which
// become copies before the mount namespace is left, in that namespace, too.
// Needs Linux 5.12. The umask applies to what is created. Directories and files
// made before a step failed stay.
std::variant<MountedTree, StepError> MountTree(
    const TreePlan& plan, const TreeSources* sources = nullptr);

}  // namespace gofer::sandbox

#endif  // GOFER_SERVER_SANDBOX_TREE_BUILDER_H_
