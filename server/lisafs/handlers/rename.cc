#include "server/wire/messages/rename.h"

#include <linux/fs.h>

#include "server/lisafs/handlers/handlers.h"
#include "server/lisafs/handlers/operation.h"

namespace gofer::lisafs::handlers {
namespace {

base::ErrnoOr<void> RenameGuarded(RequestContext& context, ControlFd& old_dir,
                                  absl::string_view old_name,
                                  ControlFd& new_dir,
                                  absl::string_view new_name, uint32_t flags) {
  const GlobalGuarantee global(context.server().rename_mutex());
  Node& old_node = old_dir.node();
  Node& new_node = new_dir.node();
  if (old_node.deleted() || new_node.deleted()) return base::Errno(EINVAL);
  // The host is not asked, as in gVisor's server (quirk Q13).
  if (&old_node == &new_node && old_name == new_name) return {};

  context.CloseLater(new_dir.HoldEntry(new_name));
  Node::PendingRename pending(global, old_node, old_name, new_node, new_name);
  const auto renamed =
      old_dir.Rename(global, old_name, new_dir, new_name, flags);
  if (!renamed.ok()) return renamed.error();
  pending.Apply((flags & RENAME_EXCHANGE) != 0
                    ? Node::PendingRename::Kind::kExchange
                    : Node::PendingRename::Kind::kReplace);
  if (context.server().anyone_wants_renamed()) {
    if (const auto moved = new_node.FindChild(new_name)) {
      moved->NotifyRenamed(global);
    }
    if (const auto swapped = old_node.FindChild(old_name)) {
      swapped->NotifyRenamed(global);
    }
  }
  return {};
}

template <class Request>
base::ErrnoOr<size_t> ServeRename(RequestContext& context,
                                  const Request& request, uint32_t flags) {
  if (!base::IsSafeName(request.old_name) ||
      !base::IsSafeName(request.new_name)) {
    return base::Errno(EINVAL);
  }
  const auto old_dir = context.fds().LookupControl(request.old_dir_fd);
  if (!old_dir.ok()) return old_dir.error();
  const auto new_dir = context.fds().LookupControl(request.new_dir_fd);
  if (!new_dir.ok()) return new_dir.error();
  if (!(*old_dir)->is_directory() || !(*new_dir)->is_directory()) {
    return base::Errno(ENOTDIR);
  }
  const auto renamed = RenameGuarded(context, **old_dir, request.old_name,
                                     **new_dir, request.new_name, flags);
  if (!renamed.ok()) return renamed.error();
  return kEmptyReply;
}

}  // namespace

base::ErrnoOr<size_t> RenameAt(RequestContext& context) {
  const auto request = context.Parse<wire::RenameAtReq>();
  if (!request.ok()) return request.error();
  return ServeRename(context, *request, 0);
}

base::ErrnoOr<size_t> RenameAt2(RequestContext& context) {
  const auto request = context.Parse<wire::RenameAt2Req>();
  if (!request.ok()) return request.error();
  return ServeRename(context, *request, request->flags);
}

}  // namespace gofer::lisafs::handlers
