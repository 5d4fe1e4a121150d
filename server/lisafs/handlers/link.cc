#include "server/wire/messages/link.h"

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "server/lisafs/handlers/handlers.h"
#include "server/lisafs/handlers/operation.h"

namespace gofer::lisafs::handlers {
namespace {

// Whether `a` is to be locked before `b`; see guarantees.h.
bool LocksBefore(const TreeLock& tree, const Node& a, const Node& b) {
  const size_t depth_a = a.Depth(tree);
  const size_t depth_b = b.Depth(tree);
  if (depth_a != depth_b) return depth_a < depth_b;
  return std::less<const Node*>()(&a, &b);
}

base::ErrnoOr<ControlFdAndStat> LinkGuarded(RequestContext& context,
                                            ControlFd& directory,
                                            ControlFd& target,
                                            absl::string_view name) {
  // The position was a file and is a directory now, changed from outside: its
  // lock cannot be taken twice.
  if (&directory.node() == &target.node()) return base::Errno(EINVAL);
  TreeLock tree(context.server().rename_mutex());
  std::optional<WriteGuarantee> write;
  std::optional<ReadGuarantee> read;
  if (LocksBefore(tree, directory.node(), target.node())) {
    write.emplace(tree, directory.node());
    read.emplace(tree, target.node());
  } else {
    read.emplace(tree, target.node());
    write.emplace(tree, directory.node());
  }
  if (directory.node().deleted() || target.node().deleted()) {
    return base::Errno(EINVAL);
  }
  return target.Link(*read, *write, directory, name);
}

struct ReadLinkAtOperation : OnControlFd {
  using Request = wire::ReadLinkAtReq;
  using Guarantee = ReadGuarantee;
  static wire::FdId Target(const Request& request) { return request.fd; }
  static base::ErrnoOr<void> Admit(ControlFd& fd, const Request&) {
    if (!fd.is_symlink()) return base::Errno(EINVAL);
    return {};
  }
  static bool WorksOnDeleted(const RequestContext&) { return true; }
  static base::ErrnoOr<size_t> Run(RequestContext& context, const Request&,
                                   ControlFd& fd,
                                   const ReadGuarantee& guarantee) {
    // gVisor's server gives an empty target for a deleted link (quirk Q3).
    if (fd.node().deleted()) return context.Reply(wire::ReadLinkAtResp{});
    const base::ErrnoOr<std::string> target = fd.ReadLink(guarantee);
    if (!target.ok()) return target.error();
    return context.Reply(wire::ReadLinkAtResp{*target});
  }
};

}  // namespace

base::ErrnoOr<size_t> LinkAt(RequestContext& context) {
  const auto request = context.Parse<wire::LinkAtReq>();
  if (!request.ok()) return request.error();
  if (!base::IsSafeName(request->name)) return base::Errno(EINVAL);
  const auto directory = context.fds().LookupControl(request->dir_fd);
  if (!directory.ok()) return directory.error();
  if (!(*directory)->is_directory()) return base::Errno(ENOTDIR);
  const auto target = context.fds().LookupControl(request->target_fd);
  if (!target.ok()) return target.error();
  if ((*target)->is_directory()) return base::Errno(EPERM);

  base::ErrnoOr<ControlFdAndStat> link =
      LinkGuarded(context, **directory, **target, request->name);
  if (!link.ok()) return link.error();
  return context.Reply(wire::LinkAtResp{context.Publish(std::move(*link))});
}

base::ErrnoOr<size_t> ReadLinkAt(RequestContext& context) {
  return Serve<ReadLinkAtOperation>(context);
}

}  // namespace gofer::lisafs::handlers
