#include "server/lisafs/handlers/handlers.h"
#include "server/lisafs/handlers/operation.h"
#include "server/wire/messages/link.h"

namespace gofer::lisafs::handlers {
namespace {

struct UnlinkAtOperation : OnEntryOfDirectory {
  using Request = wire::UnlinkAtReq;
  static wire::FdId Target(const Request& request) { return request.dir_fd; }
  static base::ErrnoOr<size_t> Run(RequestContext& context,
                                   const Request& request, ControlFd& fd,
                                   const WriteGuarantee& guarantee) {
    context.CloseLater(fd.HoldEntry(request.name));
    const base::RefPtr<Node> victim = fd.node().FindChild(request.name);
    if (!victim) {
      const auto gone = fd.Unlink(guarantee, request.name, request.flags);
      if (!gone.ok()) return gone.error();
      return kEmptyReply;
    }
    // No operation is in flight on the victim while its file goes.
    const WriteGuarantee alone(guarantee.tree(), *victim);
    const auto gone = fd.Unlink(guarantee, request.name, request.flags);
    if (!gone.ok()) return gone.error();
    fd.node().DetachDeleted(guarantee, *victim);
    return kEmptyReply;
  }
};

}  // namespace

base::ErrnoOr<size_t> UnlinkAt(RequestContext& context) {
  return Serve<UnlinkAtOperation>(context);
}

}  // namespace gofer::lisafs::handlers
