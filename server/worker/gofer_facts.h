// GoferFacts: what a gofer is, as goferd hears it.

#ifndef GOFER_SERVER_WORKER_GOFER_FACTS_H_
#define GOFER_SERVER_WORKER_GOFER_FACTS_H_

#include <memory>

#include "goferd/worker/v1/bootstrap.pb.h"
#include "server/base/unique_fd.h"
#include "server/hostfs/host_tree.h"

namespace gofer::worker {

// The answer to Adopt, without its lists, and what new connections are made of.
struct GoferFacts {
  goferd::worker::v1::AdoptResult adopt;
  // Null in a gofer that takes no new connections.
  std::shared_ptr<hostfs::HostTree> tree;
  // As in ConfinedGofer.
  bool may_clone_mounts = false;
  base::UniqueFd clone;
  base::UniqueFd readonly_clone;
};

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_GOFER_FACTS_H_
