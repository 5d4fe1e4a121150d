// Dispatch: from a received request to a handler's answer.

#ifndef GOFER_SERVER_LISAFS_DISPATCH_H_
#define GOFER_SERVER_LISAFS_DISPATCH_H_

#include <cstddef>

#include "server/base/errno.h"
#include "server/lisafs/request_context.h"

namespace gofer::lisafs {

// Refuses requests that the connection's options forbid, asks the interceptor
// of the request's table, if any, and runs the table's handler. Returns the
// length of the response payload or the errno of an Error response. An
// exception that leaves a handler is answered EREMOTEIO, or ENOMEM when memory
// ran out; the connection goes on. Source: gVisor pkg/lisafs/connection.go, Nov
// 2023 (handleMsg).
base::ErrnoOr<size_t> Dispatch(RequestContext& context);

}  // namespace gofer::lisafs

#endif  // GOFER_SERVER_LISAFS_DISPATCH_H_
