#include "server/wire/messages/mount.h"

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "server/base/safe_name.h"
#include "server/lisafs/handlers/handlers.h"
#include "server/lisafs/mount_path.h"

namespace gofer::lisafs::handlers {
namespace {

// The node at the connection's mount path, made where missing: the host is not
// asked.
base::ErrnoOr<base::RefPtr<Node>> MountNode(const TreeLock& tree,
                                            Connection& connection) {
  Node* const root = connection.server().root(tree);
  if (root == nullptr) return base::Errno(ENOENT);
  auto node = base::RefPtr<Node>::Share(root);
  for (const absl::string_view name : PathComponents(connection.mount_path())) {
    if (!base::IsSafeName(name)) return base::Errno(EINVAL);
    base::RefPtr<Node> child;
    {
      const ReadGuarantee guarantee(tree, *node);
      if (node->deleted()) return base::Errno(ENOENT);
      child = node->FindOrCreateChild(tree, name, connection.node_quota());
    }
    if (!child) return base::Errno(ENOMEM);
    node = std::move(child);
  }
  return node;
}

base::ErrnoOr<MountResult> MountGuarded(Connection& connection) {
  TreeLock tree(connection.server().rename_mutex());
  const auto node = MountNode(tree, connection);
  if (!node.ok()) return node.error();
  const ReadGuarantee guarantee(tree, **node);
  if ((*node)->deleted()) return base::Errno(ENOENT);
  return connection.backend().Mount(connection, guarantee);
}

}  // namespace

base::ErrnoOr<size_t> Error(RequestContext&) { return base::Errno(EINVAL); }

base::ErrnoOr<size_t> Mount(RequestContext& context) {
  Connection& connection = context.connection();
  base::ErrnoOr<MountResult> mounted = MountGuarded(connection);
  if (!mounted.ok()) return mounted.error();

  std::vector<uint16_t> supported;
  for (const wire::MessageId id : connection.backend().SupportedMessages()) {
    const auto message = static_cast<uint16_t>(id);
    if (context.table().Find(message) != nullptr) supported.push_back(message);
  }
  context.Donate(std::move(mounted->donated));
  wire::MountResp response;
  response.root = context.Publish(std::move(mounted->root));
  response.max_message_size = connection.max_message_size();
  response.supported_messages = supported;
  const auto replied = context.Reply(response);
  if (replied.ok()) connection.NoteMounted(!context.donations().empty());
  return replied;
}

}  // namespace gofer::lisafs::handlers
