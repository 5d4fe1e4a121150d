// ResolveBundle: opens the files of an OCI bundle for its gofer.

#ifndef GOFERD_CONTROLPLANE_TREE_BUNDLE_H_
#define GOFERD_CONTROLPLANE_TREE_BUNDLE_H_

#include <google/protobuf/repeated_ptr_field.h>

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "controlplane/tree/allowed_roots.h"
#include "controlplane/tree/served_tree.h"

namespace goferd::tree {

// The mounts that fit beside one message of the control socket: its descriptors
// but the root's.
inline constexpr size_t kMaxBundleMounts = 251;

// See ResolveTree. The bundle's directory, its config.json, the root and each
// source are looked up on their own, each under one of `allowed`. config.json
// is read only once: its owner is not trusted, and might change it meanwhile.
absl::StatusOr<ServedTree> ResolveBundle(
    const std::string& path,
    const google::protobuf::RepeatedPtrField<std::string>& allowed,
    SymbolicLinks links);

}  // namespace goferd::tree

#endif  // GOFERD_CONTROLPLANE_TREE_BUNDLE_H_
