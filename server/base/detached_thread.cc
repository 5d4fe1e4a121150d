#include "server/base/detached_thread.h"

#include <memory>
#include <utility>

#include "server/base/thread.h"

namespace gofer::base {

ErrnoOr<void> StartDetachedThread(const char* name,
                                  std::function<void()> body) {
  // The thread detaches itself, so that the object below has nothing to join.
  auto thread = Thread::Start(name, [body = std::move(body)]() mutable {
    ::pthread_detach(::pthread_self());
    // Everything that `body` owns is destroyed before the thread counts as
    // over.
    std::exchange(body, nullptr)();
  });
  if (!thread.ok()) return thread.error();
  union NeverDestroyed {
    explicit NeverDestroyed(Thread&& moved) : thread(std::move(moved)) {}
    ~NeverDestroyed() {}
    Thread thread;
  } detached(std::move(*thread));
  (void)detached;
  return {};
}

}  // namespace gofer::base
