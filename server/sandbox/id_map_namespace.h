// MakeIdMapNamespace: a map of ids in the form that the kernel takes.

#ifndef GOFER_SERVER_SANDBOX_ID_MAP_NAMESPACE_H_
#define GOFER_SERVER_SANDBOX_ID_MAP_NAMESPACE_H_

#include "server/base/errno.h"
#include "server/base/unique_fd.h"
#include "server/sandbox/plan.h"

namespace gofer::sandbox {

// Makes a user namespace without processes, for DetachedMount::MapIds: ids
// inside of it stand for ids of the file system. Needs /proc, the right to make
// a user namespace, CAP_SETUID and CAP_SETGID. The namespace's first process is
// a child of ours, which has ended when this returns. It makes system calls
// only, so we may have threads. Errors: those of clone(2), EINVAL for ranges
// that overlap or whose text fills a page.
base::ErrnoOr<base::UniqueFd> MakeIdMapNamespace(const IdMapPlan& map);

}  // namespace gofer::sandbox

#endif  // GOFER_SERVER_SANDBOX_ID_MAP_NAMESPACE_H_
