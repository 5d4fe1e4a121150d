// BootstrapTree: the file tree that Bootstrap asks a managed gofer to serve.

#ifndef GOFER_SERVER_WORKER_BOOTSTRAP_TREE_H_
#define GOFER_SERVER_WORKER_BOOTSTRAP_TREE_H_

#include <span>

#include "goferd/worker/v1/bootstrap.pb.h"
#include "server/base/unique_fd.h"
#include "server/sandbox/plan.h"
#include "server/sandbox/tree_builder.h"
#include "server/worker/failure.h"

namespace gofer::worker {

// The descriptors that `sources` borrows must outlive it.
struct BootstrapTree {
  // The root of a plain directory is ".": whoever mounts it changes to it
  // before. The root of a bundle and its binds' sources are only words:
  // `sources` has the files.
  sandbox::TreePlan plan;
  sandbox::TreeSources sources;
  bool is_bundle = false;

  // Whether it cannot be served without a mount namespace of its own.
  bool needs_mounts() const { return is_bundle || plan.id_map.has_value(); }
};

// `fds` are the borrowed descriptors that came with `bootstrap`. Failures:
// UNSUPPORTED when the tree needs a mount namespace and `bootstrap` wants no
// sandbox, MALFORMED.
FailureOr<BootstrapTree> ToBootstrapTree(
    const goferd::worker::v1::Bootstrap& bootstrap,
    std::span<const base::UniqueFd> fds);

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_BOOTSTRAP_TREE_H_
