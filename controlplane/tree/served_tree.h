// ResolveTree: the files of the host that a server's gofer is given.

#ifndef GOFERD_CONTROLPLANE_TREE_SERVED_TREE_H_
#define GOFERD_CONTROLPLANE_TREE_SERVED_TREE_H_

#include <google/protobuf/repeated_ptr_field.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "goferd/admin/v1/server.pb.h"
#include "goferd/worker/v1/bootstrap.pb.h"
#include "server/base/unique_fd.h"

namespace goferd::tree {

namespace admin = goferd::admin::v1;

// Looked up once: the gofer works with the descriptors, and no name is looked
// up again.
struct ServedTree {
  // `root` or `oci_bundle`, without symbolic links.
  std::string path;
  // The same of the root directory.
  std::string root;
  // O_PATH: the root directory, then the source of each of the bundle's mounts.
  std::vector<gofer::base::UniqueFd> fds;
  // Absent for a plain directory.
  std::optional<worker::v1::Bundle> bundle;

  // As Bootstrap says it.
  void AddTo(worker::v1::Bootstrap& bootstrap) const;
};

// What `server` serves, at `path`, which must lie under one of `allowed`, and
// so must all that a bundle names. Errors: those of ResolveRoot, the path or
// mount of the bundle named; FIELD_INVALID for a bundle's config.json that
// makes no sense. Of a bundle, all faults of that kind at once.
absl::StatusOr<ServedTree> ResolveTree(
    const ::goferd::admin::v1::Server& server, const std::string& path,
    const google::protobuf::RepeatedPtrField<std::string>& allowed);

}  // namespace goferd::tree

#endif  // GOFERD_CONTROLPLANE_TREE_SERVED_TREE_H_
