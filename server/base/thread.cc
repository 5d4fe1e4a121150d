#include "server/base/thread.h"

#include <signal.h>

#include <cstddef>
#include <cstring>
#include <memory>
#include <utility>

namespace gofer::base {
namespace {

// Handlers keep bulk data in heap buffers, so the stack only holds call frames.
// The sanitizers' frames are several times larger. GCC says by macros which one
// is on, clang by __has_feature.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define GOFER_LARGE_FRAMES
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
    defined(GOFER_LARGE_FRAMES)
constexpr size_t kStackBytes = size_t{2} << 20;
#else
constexpr size_t kStackBytes = size_t{256} << 10;
#endif

struct StartArgs {
  char name[16];
  std::function<void()> body;
};

void* Run(void* raw) {
  const std::unique_ptr<StartArgs> args(static_cast<StartArgs*>(raw));
  ::pthread_setname_np(::pthread_self(), args->name);
  args->body();
  return nullptr;
}

}  // namespace

Thread& Thread::operator=(Thread&& other) noexcept {
  if (this != &other) {
    Join();
    handle_ = other.handle_;
    joinable_ = std::exchange(other.joinable_, false);
  }
  return *this;
}

ErrnoOr<Thread> Thread::Start(const char* name, std::function<void()> body) {
  auto args = std::make_unique<StartArgs>();
  std::strncpy(args->name, name, sizeof(args->name) - 1);
  args->body = std::move(body);

  // Signals belong to the main thread; a handler must not see EINTR for them.
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, kStackBytes);
  Thread thread;
  const int error =
      ::pthread_create(&thread.handle_, &attributes, &Run, args.get());
  ::pthread_attr_destroy(&attributes);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error != 0) return Errno(error);
  (void)args.release();  // Owned by Run now.
  thread.joinable_ = true;
  return thread;
}

void Thread::Join() {
  if (!joinable_) return;
  ::pthread_join(handle_, nullptr);
  joinable_ = false;
}

}  // namespace gofer::base
