#include "controlplane/tree/served_tree.h"

#include <utility>

#include "controlplane/tree/allowed_roots.h"
#include "controlplane/tree/bundle.h"

namespace goferd::tree {

void ServedTree::AddTo(worker::v1::Bootstrap& bootstrap) const {
  bootstrap.set_root(root);
  if (!bundle) return;
  bootstrap.set_oci_bundle(path);
  *bootstrap.mutable_bundle() = *bundle;
}

absl::StatusOr<ServedTree> ResolveTree(
    const ::goferd::admin::v1::Server& server, const std::string& path,
    const google::protobuf::RepeatedPtrField<std::string>& allowed) {
  const SymbolicLinks links = server.follow_symbolic_links()
                                  ? SymbolicLinks::kFollow
                                  : SymbolicLinks::kRefuse;
  if (server.has_oci_bundle()) return ResolveBundle(path, allowed, links);
  auto root = ResolveRoot(path, allowed, links);
  if (!root.ok()) return root.status();
  ServedTree tree;
  tree.path = root->path;
  tree.root = root->path;
  tree.fds.push_back(std::move(root->fd));
  return tree;
}

}  // namespace goferd::tree
