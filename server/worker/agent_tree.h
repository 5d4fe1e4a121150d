// AgentTree: what an agent is to serve, as goferd says it.

#ifndef GOFER_SERVER_WORKER_AGENT_TREE_H_
#define GOFER_SERVER_WORKER_AGENT_TREE_H_

#include <span>

#include "goferd/worker/v1/bootstrap.pb.h"
#include "server/base/unique_fd.h"
#include "server/sandbox/plan.h"
#include "server/sandbox/tree_builder.h"
#include "server/worker/failure.h"

namespace gofer::worker {

// A value, but for the descriptors, which must outlive it.
struct AgentTree {
  // A plain directory's root is ".": whoever mounts it goes there before. That
  // of a bundle, and its sources, are only words: `sources` has the files.
  sandbox::TreePlan plan;
  sandbox::TreeSources sources;
  bool is_bundle = false;

  // Whether it is nothing without a mount namespace.
  bool needs_mounts() const { return is_bundle || plan.id_map.has_value(); }
};

// `fds` are those that came with `bootstrap`; borrowed. Failures: UNSUPPORTED
// for what needs a sandbox that there is not to be, MALFORMED.
FailureOr<AgentTree> ToAgentTree(const goferd::worker::v1::Bootstrap& bootstrap,
                                 std::span<const base::UniqueFd> fds);

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_AGENT_TREE_H_
