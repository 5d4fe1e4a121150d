// The stock handlers: one function per message, in protocol order.

#ifndef GOFER_SERVER_LISAFS_HANDLERS_HANDLERS_H_
#define GOFER_SERVER_LISAFS_HANDLERS_HANDLERS_H_

#include <cstddef>

#include "server/base/errno.h"
#include "server/lisafs/request_context.h"

namespace gofer::lisafs::handlers {

// Each is a HandlerFunction (handler_table.h). What each checks, and in which
// order, follows gVisor pkg/lisafs/handlers.go, Nov 2023.
base::ErrnoOr<size_t> Error(RequestContext& context);
base::ErrnoOr<size_t> Mount(RequestContext& context);
base::ErrnoOr<size_t> Channel(RequestContext& context);
base::ErrnoOr<size_t> FStat(RequestContext& context);
base::ErrnoOr<size_t> SetStat(RequestContext& context);
base::ErrnoOr<size_t> Walk(RequestContext& context);
base::ErrnoOr<size_t> WalkStat(RequestContext& context);
base::ErrnoOr<size_t> OpenAt(RequestContext& context);
base::ErrnoOr<size_t> OpenCreateAt(RequestContext& context);
base::ErrnoOr<size_t> Close(RequestContext& context);
base::ErrnoOr<size_t> FSync(RequestContext& context);
base::ErrnoOr<size_t> PWrite(RequestContext& context);
base::ErrnoOr<size_t> PRead(RequestContext& context);
base::ErrnoOr<size_t> MkdirAt(RequestContext& context);
base::ErrnoOr<size_t> MknodAt(RequestContext& context);
base::ErrnoOr<size_t> SymlinkAt(RequestContext& context);
base::ErrnoOr<size_t> LinkAt(RequestContext& context);
base::ErrnoOr<size_t> FStatFs(RequestContext& context);
base::ErrnoOr<size_t> FAllocate(RequestContext& context);
base::ErrnoOr<size_t> ReadLinkAt(RequestContext& context);
base::ErrnoOr<size_t> Flush(RequestContext& context);
base::ErrnoOr<size_t> Connect(RequestContext& context);
base::ErrnoOr<size_t> UnlinkAt(RequestContext& context);
base::ErrnoOr<size_t> RenameAt(RequestContext& context);
base::ErrnoOr<size_t> Getdents64(RequestContext& context);
base::ErrnoOr<size_t> FGetXattr(RequestContext& context);
base::ErrnoOr<size_t> FSetXattr(RequestContext& context);
base::ErrnoOr<size_t> FListXattr(RequestContext& context);
base::ErrnoOr<size_t> FRemoveXattr(RequestContext& context);
base::ErrnoOr<size_t> BindAt(RequestContext& context);
base::ErrnoOr<size_t> Listen(RequestContext& context);
base::ErrnoOr<size_t> Accept(RequestContext& context);
base::ErrnoOr<size_t> ConnectWithCreds(RequestContext& context);
base::ErrnoOr<size_t> RenameAt2(RequestContext& context);

}  // namespace gofer::lisafs::handlers

#endif  // GOFER_SERVER_LISAFS_HANDLERS_HANDLERS_H_
