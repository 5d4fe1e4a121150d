#include "server/wire/messages/create.h"

#include <utility>

#include "server/base/safe_name.h"
#include "server/lisafs/handlers/handlers.h"
#include "server/lisafs/handlers/operation.h"

namespace gofer::lisafs::handlers {
namespace {

struct MkdirAtOperation : OnEntryOfDirectory {
  using Request = wire::MkdirAtReq;
  static wire::FdId Target(const Request& request) {
    return request.common.dir_fd;
  }
  static base::ErrnoOr<wire::MkdirAtResp> Run(RequestContext& context,
                                              const Request& request,
                                              ControlFd& fd,
                                              const WriteGuarantee& guarantee) {
    base::ErrnoOr<ControlFdAndStat> made =
        fd.Mkdir(guarantee, request.name, request.common.mode & uint32_t{07777},
                 Owner{request.common.uid, request.common.gid});
    if (!made.ok()) return made.error();
    return wire::MkdirAtResp{context.Publish(std::move(*made))};
  }
};

struct MknodAtOperation : OnEntryOfDirectory {
  using Request = wire::MknodAtReq;
  static wire::FdId Target(const Request& request) {
    return request.common.dir_fd;
  }
  static base::ErrnoOr<wire::MknodAtResp> Run(RequestContext& context,
                                              const Request& request,
                                              ControlFd& fd,
                                              const WriteGuarantee& guarantee) {
    base::ErrnoOr<ControlFdAndStat> made =
        fd.Mknod(guarantee, request.name, request.common.mode,
                 Owner{request.common.uid, request.common.gid},
                 request.minor_number, request.major_number);
    if (!made.ok()) return made.error();
    return wire::MknodAtResp{context.Publish(std::move(*made))};
  }
};

struct SymlinkAtOperation : OnEntryOfDirectory {
  using Request = wire::SymlinkAtReq;
  static wire::FdId Target(const Request& request) { return request.dir_fd; }
  static base::ErrnoOr<void> Check(RequestContext&, const Request& request) {
    // The target is free text, but the kernel must see all of it.
    if (!base::IsSafeName(request.name) || !base::HasNoNul(request.target)) {
      return base::Errno(EINVAL);
    }
    return {};
  }
  static base::ErrnoOr<wire::SymlinkAtResp> Run(
      RequestContext& context, const Request& request, ControlFd& fd,
      const WriteGuarantee& guarantee) {
    base::ErrnoOr<ControlFdAndStat> made =
        fd.Symlink(guarantee, request.name, request.target,
                   Owner{request.uid, request.gid});
    if (!made.ok()) return made.error();
    return wire::SymlinkAtResp{context.Publish(std::move(*made))};
  }
};

}  // namespace

base::ErrnoOr<size_t> MkdirAt(RequestContext& context) {
  return Serve<MkdirAtOperation>(context);
}

base::ErrnoOr<size_t> MknodAt(RequestContext& context) {
  return Serve<MknodAtOperation>(context);
}

base::ErrnoOr<size_t> SymlinkAt(RequestContext& context) {
  return Serve<SymlinkAtOperation>(context);
}

}  // namespace gofer::lisafs::handlers
