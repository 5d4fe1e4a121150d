#include "server/wire/messages/stat.h"

#include <linux/stat.h>

#include "server/lisafs/handlers/handlers.h"
#include "server/lisafs/handlers/operation.h"

namespace gofer::lisafs::handlers {
namespace {

struct FStatOfControlFd : OnControlFd {
  using Request = wire::FStatReq;
  using Guarantee = ReadGuarantee;
  static bool WorksOnDeleted(const RequestContext&) { return true; }
  static base::ErrnoOr<wire::Statx> Run(RequestContext&, const Request&,
                                        ControlFd& fd,
                                        const ReadGuarantee& guarantee) {
    return fd.Stat(guarantee);
  }
};

struct FStatOfOpenFd : OnOpenFd {
  using Request = wire::FStatReq;
  using Guarantee = ReadGuarantee;
  static base::ErrnoOr<wire::Statx> Run(RequestContext&, const Request&,
                                        OpenFd& fd,
                                        const ReadGuarantee& guarantee) {
    return fd.Stat(guarantee);
  }
};

struct SetStatOperation : OnControlFd {
  using Request = wire::SetStatReq;
  static wire::FdId Target(const Request& request) { return request.fd; }
  static base::ErrnoOr<void> Admit(ControlFd&, const Request& request) {
    constexpr uint32_t kSettable = STATX_MODE | STATX_UID | STATX_GID |
                                   STATX_ATIME | STATX_MTIME | STATX_SIZE;
    if ((request.mask & ~kSettable) != 0) return base::Errno(EPERM);
    return {};
  }
  static bool WorksOnDeleted(const RequestContext& context) {
    return context.connection().behaviour().set_attr_on_deleted;
  }
  static base::ErrnoOr<wire::SetStatResp> Run(RequestContext&,
                                              const Request& request,
                                              ControlFd& fd) {
    return fd.SetStat(request);
  }
};

struct FStatFsOperation : OnControlFd {
  using Request = wire::FStatFsReq;
  using Guarantee = ReadGuarantee;
  static wire::FdId Target(const Request& request) { return request.fd; }
  static bool WorksOnDeleted(const RequestContext&) { return true; }
  static base::ErrnoOr<wire::StatFs> Run(RequestContext&, const Request&,
                                         ControlFd& fd,
                                         const ReadGuarantee& guarantee) {
    return fd.StatFs(guarantee);
  }
};

}  // namespace

base::ErrnoOr<size_t> FStat(RequestContext& context) {
  const auto request = context.Parse<wire::FStatReq>();
  if (!request.ok()) return request.error();
  const auto fd = context.fds().LookupAny(request->fd);
  if (!fd.ok()) return fd.error();
  base::ErrnoOr<wire::Statx> stat = base::Errno(EREMOTEIO);
  switch ((*fd)->kind()) {
    case Fd::Kind::kControl:
      stat = RunGuarded<FStatOfControlFd>(context, *request,
                                          static_cast<ControlFd&>(**fd));
      break;
    case Fd::Kind::kOpen:
      stat = RunGuarded<FStatOfOpenFd>(context, *request,
                                       static_cast<OpenFd&>(**fd));
      break;
    case Fd::Kind::kBoundSocket:
      // gVisor's server panics here, and clients see this errno (quirk Q7).
      break;
  }
  if (!stat.ok()) return stat.error();
  return context.Reply(*stat);
}

base::ErrnoOr<size_t> SetStat(RequestContext& context) {
  return Serve<SetStatOperation>(context);
}

base::ErrnoOr<size_t> FStatFs(RequestContext& context) {
  return Serve<FStatFsOperation>(context);
}

}  // namespace gofer::lisafs::handlers
