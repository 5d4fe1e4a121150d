// ContainerTree: makes the file tree of a container that runsc starts.

#ifndef GOFER_SERVER_WORKER_CONTAINER_TREE_H_
#define GOFER_SERVER_WORKER_CONTAINER_TREE_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/base/errno.h"
#include "server/base/unique_fd.h"
#include "server/hostfs/host_tree.h"
#include "server/oci/oci_spec.h"
#include "server/runsc/served_mounts.h"
#include "server/sandbox/plan.h"
#include "server/sandbox/tree_builder.h"
#include "server/worker/host_mount_opener.h"
#include "server/worker/stage_error.h"

namespace gofer::worker {

// Asks runsc for the mounts that this process may not open, and runs the
// container's hooks when the tree is ready. For the process's only thread,
// before it is confined.
class ContainerTree final : private sandbox::TreeDelegate {
 public:
  struct Container {
    oci::OciSpec& spec;  // Borrowed; Make changes its mounts.
    const std::vector<runsc::GoferMount>& mounts;  // Borrowed.
    std::string id;
    std::string bundle;
  };

  // `rpc_socket`: runsc's --rpc-fd, which Make closes; may be invalid.
  ContainerTree(Container container, base::UniqueFd rpc_socket)
      : container_(std::move(container)), opener_(std::move(rpc_socket)) {}

  // Makes `plan`, a plan of the container's mounts, all that this process can
  // reach, as EnterTree does. The mounts of the spec then have the destinations
  // and the options that the sandbox is to know.
  StageResult Make(sandbox::TreePlan plan, sandbox::MountedTree& mounted,
                   std::shared_ptr<hostfs::HostTree>& tree);

 private:
  void ChooseDelegated(sandbox::TreePlan& plan) const;
  void UpdateMounts(const std::vector<std::string>& destinations);

  base::ErrnoOr<base::UniqueFd> OpenSource(size_t bind) override;
  base::ErrnoOr<void> HandleTreeReady() override;

  // The mounts that a gofer serves, in the order of the plan's binds.
  std::vector<const runsc::GoferMount*> ServedBinds() const;
  oci::OciMount& MountOf(const runsc::GoferMount& gofer_mount) const {
    return container_.spec.mounts[*gofer_mount.mount];
  }

  const Container container_;
  HostMountOpener opener_;
  // Why a source was not opened or a hook failed, where an errno says too
  // little.
  std::string reason_;
};

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_CONTAINER_TREE_H_
