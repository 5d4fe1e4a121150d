// MakeIdMapNamespace: a map of ids in the form that the kernel takes it in.

#ifndef GOFER_SERVER_SANDBOX_ID_MAP_NAMESPACE_H_
#define GOFER_SERVER_SANDBOX_ID_MAP_NAMESPACE_H_

#include "server/base/errno.h"
#include "server/base/unique_fd.h"
#include "server/sandbox/plan.h"

namespace gofer::sandbox {

// A user namespace without processes, for DetachedMount::MapIds: what is inside
// of it stands for the ids of the file system. Needs /proc, a user namespace
// that the kernel lets us make, and CAP_SETUID and CAP_SETGID. Its first
// process is one of ours, which has ended when this returns; it makes system
// calls only, so that it does not matter whether we have threads. Errors: those
// of clone(2), EINVAL for ranges that overlap or whose text fills a page.
base::ErrnoOr<base::UniqueFd> MakeIdMapNamespace(const IdMapPlan& map);

}  // namespace gofer::sandbox

#endif  // GOFER_SERVER_SANDBOX_ID_MAP_NAMESPACE_H_
