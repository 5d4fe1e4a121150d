// MountTree: makes the file tree of a plan, and makes that tree all that this
// process can reach.

#ifndef GOFER_SERVER_SANDBOX_TREE_BUILDER_H_
#define GOFER_SERVER_SANDBOX_TREE_BUILDER_H_

#include <string>
#include <variant>
#include <vector>

#include "server/base/unique_fd.h"
#include "server/sandbox/plan.h"
#include "server/sandbox/step.h"

namespace gofer::sandbox {

// The descriptors that are left for the process to work with. They belong to
// this process and its mount namespace.
struct MountedTree {
  // O_PATH, "/" of the tree.
  base::UniqueFd root;
  // O_PATH, /proc/self/fd. It is the root of a detached mount, so that `..`
  // ends there; where the kernel refuses such a mount, as it may in a user
  // namespace, it is the directory itself.
  base::UniqueFd proc_self_fd;
  // /proc/self/mountinfo, with the paths of the tree.
  base::UniqueFd mount_info;
  // Where each bind is in the tree, without symlinks: "/data".
  std::vector<std::string> destinations;
};

// The files of a plan that have been looked up before: borrowed O_PATH
// descriptors in our mount namespace. The plan's paths of the host are only
// words then.
struct TreeSources {
  int root = -1;
  // The sources of the binds, in order.
  std::vector<int> binds = {};
};

// What MountTree asks of its caller on the way, in the process's only thread.
class TreeDelegate {
 public:
  virtual ~TreeDelegate() = default;

  // For a bind of the plan that is `delegated`: its source as an O_PATH
  // descriptor of our mount namespace, or with an id_map the root of a detached
  // copy whose ids are mapped; where the answer is no such copy, MountTree maps
  // the ids itself. `bind` is an index into TreePlan::binds. An error ends
  // MountTree.
  virtual base::ErrnoOr<base::UniqueFd> OpenSource(size_t bind) = 0;

  // For a plan with `announce_ready`: the tree is complete and mounted at
  // TreePlan::stage, and the host can still be reached. What is mounted in the
  // tree now becomes part of it. An error ends MountTree.
  virtual base::ErrnoOr<void> HandleTreeReady() = 0;
};

// Afterwards the process's root and working directory are the tree, and nothing
// else is in its mount namespace. It has no procfs either: where the tree has
// one, an empty directory appears. Descriptors that were opened before still
// lead out, so the caller has to close them.
//
// The process must have one thread and CAP_SYS_ADMIN. With `sources` it needs
// CAP_SYS_ADMIN in their mount namespace too, where they are copied before the
// process leaves it. Needs Linux 5.12. The umask applies to what is created.
// Directories and files that were made before a step failed stay. A plan that
// asks for a delegate needs a `delegate`.
std::variant<MountedTree, StepError> MountTree(
    const TreePlan& plan, const TreeSources* sources = nullptr,
    TreeDelegate* delegate = nullptr);

}  // namespace gofer::sandbox

#endif  // GOFER_SERVER_SANDBOX_TREE_BUILDER_H_
