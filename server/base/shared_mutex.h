// SharedMutex: a phase-fair reader/writer lock. Connections of mutually
// distrusting clients share the locks of one tree, so neither a stream of
// readers nor a stream of writers may keep the other side out: pthread's lock
// starves writers by default and readers when told to prefer writers.

#ifndef GOFER_SERVER_BASE_SHARED_MUTEX_H_
#define GOFER_SERVER_BASE_SHARED_MUTEX_H_

#include <atomic>
#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "server/base/small_mutex.h"

namespace gofer::base {

// Uncontended, taking and leaving it shared are one atomic operation each. Once
// a writer waits, new readers queue behind it; when a writer leaves, every
// reader queued by then goes before the next writer. Not re-entrant, also not
// in shared mode.
class ABSL_LOCKABLE SharedMutex {
 public:
  SharedMutex() = default;
  SharedMutex(const SharedMutex&) = delete;
  SharedMutex& operator=(const SharedMutex&) = delete;

  void LockShared() ABSL_SHARED_LOCK_FUNCTION();
  void UnlockShared() ABSL_UNLOCK_FUNCTION();
  void Lock() ABSL_EXCLUSIVE_LOCK_FUNCTION();
  void Unlock() ABSL_UNLOCK_FUNCTION();

 private:
  // Set while a writer owns the lock or waits for its readers to leave.
  static constexpr uint32_t kWriter = uint32_t{1} << 31;

  void LockSharedSlow();
  void WakeDrainedWriter();
  // Sleeps until Announce is called.
  void AwaitChange() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Announce() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // kWriter | number of readers inside.
  std::atomic<uint32_t> word_ = 0;

  // Each node of a tree has this lock: no std::mutex and no condition variable,
  // which would be 88 bytes.
  SmallMutex mu_;
  // Advanced under mu_.
  std::atomic<uint32_t> changes_ = 0;
  // Counts the write phases; a queued reader is let in when it advances.
  uint32_t phase_ ABSL_GUARDED_BY(mu_) = 0;
  uint32_t readers_queued_ ABSL_GUARDED_BY(mu_) = 0;
  uint32_t writers_queued_ ABSL_GUARDED_BY(mu_) = 0;
  bool writer_chosen_ ABSL_GUARDED_BY(mu_) = false;
};

// Holds a SharedMutex shared for its scope.
class ABSL_SCOPED_LOCKABLE ReaderLock {
 public:
  explicit ReaderLock(SharedMutex& mu) ABSL_SHARED_LOCK_FUNCTION(mu) : mu_(mu) {
    mu_.LockShared();
  }
  ~ReaderLock() ABSL_UNLOCK_FUNCTION() { mu_.UnlockShared(); }
  ReaderLock(const ReaderLock&) = delete;
  ReaderLock& operator=(const ReaderLock&) = delete;

 private:
  SharedMutex& mu_;
};

// Holds a SharedMutex exclusively for its scope.
class ABSL_SCOPED_LOCKABLE WriterLock {
 public:
  explicit WriterLock(SharedMutex& mu) ABSL_EXCLUSIVE_LOCK_FUNCTION(mu)
      : mu_(mu) {
    mu_.Lock();
  }
  ~WriterLock() ABSL_UNLOCK_FUNCTION() { mu_.Unlock(); }
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;

 private:
  SharedMutex& mu_;
};

}  // namespace gofer::base

#endif  // GOFER_SERVER_BASE_SHARED_MUTEX_H_
