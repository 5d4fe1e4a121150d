// DetachedThread: a thread that nobody waits for.

#ifndef GOFER_SERVER_BASE_DETACHED_THREAD_H_
#define GOFER_SERVER_BASE_DETACHED_THREAD_H_

#include <functional>

#include "server/base/errno.h"

namespace gofer::base {

// Runs `body` on a thread of its own with all signals blocked. Meant for work
// that may never end: nobody waits for it, so `body` must own, or share,
// everything that it uses. `name` is cut to 15 bytes. Errors: EAGAIN when there
// is no room for a thread; `body` does not run then.
ErrnoOr<void> StartDetachedThread(const char* name, std::function<void()> body);

}  // namespace gofer::base

#endif  // GOFER_SERVER_BASE_DETACHED_THREAD_H_
