// SmallMutex: a mutex of four bytes, for objects that a client can have by the
// million. std::mutex has forty.

#ifndef GOFER_SERVER_BASE_SMALL_MUTEX_H_
#define GOFER_SERVER_BASE_SMALL_MUTEX_H_

#include <atomic>
#include <cstdint>

#include "absl/base/thread_annotations.h"

namespace gofer::base {

// As Mutex, but no CondVar can wait with it. Uncontended, taking and leaving it
// are one atomic operation each.
class ABSL_LOCKABLE SmallMutex {
 public:
  SmallMutex() = default;
  SmallMutex(const SmallMutex&) = delete;
  SmallMutex& operator=(const SmallMutex&) = delete;

  void Lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() {
    uint32_t state = kFree;
    if (!state_.compare_exchange_strong(state, kHeld, std::memory_order_acquire,
                                        std::memory_order_relaxed)) {
      LockSlow();
    }
  }
  void Unlock() ABSL_UNLOCK_FUNCTION() {
    // The mutex may be gone as soon as it is free: then the address alone is
    // used.
    if (state_.exchange(kFree, std::memory_order_release) == kWaitedFor) {
      state_.notify_one();
    }
  }

 private:
  static constexpr uint32_t kFree = 0;
  static constexpr uint32_t kHeld = 1;
  static constexpr uint32_t kWaitedFor = 2;  // Held, and others may sleep.

  void LockSlow() {
    while (state_.exchange(kWaitedFor, std::memory_order_acquire) != kFree) {
      state_.wait(kWaitedFor, std::memory_order_relaxed);
    }
  }

  std::atomic<uint32_t> state_ = kFree;
};

class ABSL_SCOPED_LOCKABLE SmallMutexLock {
 public:
  explicit SmallMutexLock(SmallMutex& mu) ABSL_EXCLUSIVE_LOCK_FUNCTION(mu)
      : mu_(mu) {
    mu_.Lock();
  }
  ~SmallMutexLock() ABSL_UNLOCK_FUNCTION() { mu_.Unlock(); }
  SmallMutexLock(const SmallMutexLock&) = delete;
  SmallMutexLock& operator=(const SmallMutexLock&) = delete;

 private:
  SmallMutex& mu_;
};

}  // namespace gofer::base

#endif  // GOFER_SERVER_BASE_SMALL_MUTEX_H_
