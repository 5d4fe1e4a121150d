#include "server/lisafs/handlers/handlers.h"
#include "server/lisafs/handlers/operation.h"
#include "server/wire/messages/open.h"

namespace gofer::lisafs::handlers {

base::ErrnoOr<size_t> Close(RequestContext& context) {
  const auto request = context.Parse<wire::CloseReq>();
  if (!request.ok()) return request.error();
  // Ids that name nothing are ignored: a batch closes what it can.
  for (const wire::FdId id : request->fds) context.fds().Remove(id);
  context.connection().NoteFdsClosed();
  return kEmptyReply;
}

}  // namespace gofer::lisafs::handlers
