// EnterTree: makes the tree of a plan and opens it for the connections.

#ifndef GOFER_SERVER_WORKER_ENTERED_TREE_H_
#define GOFER_SERVER_WORKER_ENTERED_TREE_H_

#include <memory>

#include "server/hostfs/host_tree.h"
#include "server/sandbox/plan.h"
#include "server/sandbox/tree_builder.h"
#include "server/worker/stage_error.h"

namespace gofer::worker {

// Makes `plan` all that this process can reach. `mounted` keeps the tree's root
// and what sandbox::Confine needs; `tree` gets the other descriptors. The
// process must have one thread, as for sandbox::MountTree, whose `delegate` it
// may bring.
StageResult EnterTree(const sandbox::TreePlan& plan,
                      sandbox::MountedTree& mounted,
                      std::shared_ptr<hostfs::HostTree>& tree,
                      sandbox::TreeDelegate* delegate = nullptr);

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_ENTERED_TREE_H_
