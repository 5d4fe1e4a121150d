#include "server/wire/messages/open.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <optional>
#include <utility>

#include "server/lisafs/handlers/handlers.h"
#include "server/lisafs/handlers/operation.h"

namespace gofer::lisafs::handlers {
namespace {

// The flags of a request that reach the backend.
constexpr uint32_t kOpenFlags = O_ACCMODE | O_TRUNC;

bool ChangesFile(uint32_t flags) {
  return (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC) != 0;
}

// `tree`: held; null for a backend that need not know of renames.
wire::FdId Publish(RequestContext& context, OpenResult opened,
                   const TreeLock* tree) {
  if (tree != nullptr) opened.fd->TellOfRenames(*tree);
  context.Donate(std::move(opened.donated));
  if (opened.lent >= 0) {
    context.Lend(base::RefPtr<OpenFd>(opened.fd), opened.lent);
  }
  return context.fds().Insert(std::move(opened.fd));
}

struct OpenAtOperation : OnControlFd {
  using Request = wire::OpenAtReq;
  static wire::FdId Target(const Request& request) { return request.fd; }
  static base::ErrnoOr<void> Check(RequestContext& context,
                                   const Request& request) {
    if (context.options().access == Access::kReadOnly &&
        ChangesFile(request.flags)) {
      return base::Errno(EROFS);
    }
    return {};
  }
  static base::ErrnoOr<void> Admit(ControlFd& fd, const Request& request) {
    if (fd.is_directory() && ChangesFile(request.flags)) {
      return base::Errno(EISDIR);
    }
    return {};
  }
  static bool WorksOnDeleted(const RequestContext& context) {
    return context.options().open_on_deleted;
  }
  static base::ErrnoOr<wire::OpenAtResp> Run(RequestContext& context,
                                             const Request& request,
                                             ControlFd& fd) {
    if (fd.is_symlink()) return base::Errno(EINVAL);
    base::ErrnoOr<OpenResult> opened = fd.Open(request.flags & kOpenFlags);
    if (!opened.ok()) return opened.error();
    std::optional<TreeLock> tree;
    if (context.connection().backend().wants_renamed()) {
      tree.emplace(context.server().rename_mutex());
    }
    return wire::OpenAtResp{
        Publish(context, std::move(*opened), tree ? &*tree : nullptr)};
  }
};

struct OpenCreateAtOperation : OnEntryOfDirectory {
  using Request = wire::OpenCreateAtReq;
  static wire::FdId Target(const Request& request) {
    return request.common.dir_fd;
  }
  static base::ErrnoOr<wire::OpenCreateAtResp> Run(
      RequestContext& context, const Request& request, ControlFd& fd,
      const WriteGuarantee& guarantee) {
    const wire::CreateCommon& common = request.common;
    base::ErrnoOr<CreateResult> made = fd.OpenCreate(
        guarantee, request.name, common.mode & uint32_t{07777},
        Owner{common.uid, common.gid}, request.flags & kOpenFlags);
    if (!made.ok()) return made.error();
    // The control FD's id comes first.
    const wire::Inode child = context.Publish(std::move(made->child));
    const bool must_know = context.connection().backend().wants_renamed();
    return wire::OpenCreateAtResp{
        child, Publish(context, std::move(made->open),
                       must_know ? &guarantee.tree() : nullptr)};
  }
};

}  // namespace

base::ErrnoOr<size_t> OpenAt(RequestContext& context) {
  return Serve<OpenAtOperation>(context);
}

base::ErrnoOr<size_t> OpenCreateAt(RequestContext& context) {
  return Serve<OpenCreateAtOperation>(context);
}

}  // namespace gofer::lisafs::handlers
