// Thread: a named POSIX thread whose creation may fail. std::thread reports
// failure by an exception; a client that asks for one channel too many must get
// an errno instead.

#ifndef GOFER_SERVER_BASE_THREAD_H_
#define GOFER_SERVER_BASE_THREAD_H_

#include <pthread.h>

#include <functional>
#include <utility>

#include "server/base/errno.h"

namespace gofer::base {

// Owns a joinable thread. Destroying a Thread that was not joined joins it.
class Thread {
 public:
  Thread() = default;
  Thread(Thread&& other) noexcept
      : handle_(other.handle_),
        joinable_(std::exchange(other.joinable_, false)) {}
  Thread& operator=(Thread&& other) noexcept;
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;
  ~Thread() { Join(); }

  // Starts `body` on a new thread with all signals blocked. `name` is cut to 15
  // bytes and shows in /proc/PID/task/TID/comm. Errors: EAGAIN when the
  // process or the system has no room for a thread.
  static ErrnoOr<Thread> Start(const char* name, std::function<void()> body);

  bool joinable() const { return joinable_; }
  // Blocks until the body has returned. Does nothing when not joinable.
  void Join();

 private:
  pthread_t handle_ = {};
  bool joinable_ = false;
};

}  // namespace gofer::base

#endif  // GOFER_SERVER_BASE_THREAD_H_
