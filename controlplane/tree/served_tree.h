// ResolveTree: opens the files of the host for a server's gofer.

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

// The files are looked up once: the gofer works with the descriptors, since a
// name that is looked up again may lead elsewhere.
struct ServedTree {
  // The server's `root` or `oci_bundle`, without symbolic links.
  std::string path;
  // The path of the root directory, without symbolic links.
  std::string root;
  // The root directory, then the source of each of the bundle's mounts, all
  // opened with O_PATH.
  std::vector<gofer::base::UniqueFd> fds;
  // Absent for a plain directory.
  std::optional<worker::v1::Bundle> bundle;

  // Fills in the fields of `bootstrap` that describe the tree.
  void AddTo(worker::v1::Bootstrap& bootstrap) const;
};

// Opens the tree of `server`, which must lie under one of `allowed`; so must
// all files that a bundle names. Errors: those of ResolveRoot, which name the
// path or the bundle's mount; FIELD_INVALID for a bundle's config.json that
// cannot be read. The faults of a bundle are reported all at once.
absl::StatusOr<ServedTree> ResolveTree(
    const ::goferd::admin::v1::Server& server, const std::string& path,
    const google::protobuf::RepeatedPtrField<std::string>& allowed);

}  // namespace goferd::tree

#endif  // GOFERD_CONTROLPLANE_TREE_SERVED_TREE_H_
