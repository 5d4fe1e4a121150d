#include "server/base/shared_mutex.h"

namespace gofer::base {

void SharedMutex::LockShared() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  uint32_t word = word_.load(std::memory_order_relaxed);
  while ((word & kWriter) == 0) {
    if (word_.compare_exchange_weak(word, word + 1, std::memory_order_acquire,
                                    std::memory_order_relaxed)) {
      return;
    }
  }
  LockSharedSlow();
}

void SharedMutex::LockSharedSlow() {
  SmallMutexLock lock(mu_);
  // Set and cleared under mu_, so this decides between a phase to wait for and
  // a free lock.
  uint32_t word = word_.load(std::memory_order_relaxed);
  while ((word & kWriter) == 0) {
    if (word_.compare_exchange_weak(word, word + 1, std::memory_order_acquire,
                                    std::memory_order_relaxed)) {
      return;
    }
  }
  const uint32_t my_phase = phase_;
  ++readers_queued_;
  // The leaving writer has counted us into word_ before it advances phase_.
  while (phase_ == my_phase) AwaitChange();
}

void SharedMutex::UnlockShared() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  const uint32_t before = word_.fetch_sub(1, std::memory_order_release);
  if (before == (kWriter | 1)) WakeDrainedWriter();
}

void SharedMutex::WakeDrainedWriter() {
  SmallMutexLock lock(mu_);
  Announce();
}

void SharedMutex::AwaitChange() {
  const uint32_t seen = changes_.load(std::memory_order_relaxed);
  mu_.Unlock();
  changes_.wait(seen, std::memory_order_relaxed);
  mu_.Lock();
}

void SharedMutex::Announce() {
  changes_.fetch_add(1, std::memory_order_relaxed);
  changes_.notify_all();
}

void SharedMutex::Lock() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  SmallMutexLock lock(mu_);
  ++writers_queued_;
  while (writer_chosen_) AwaitChange();
  --writers_queued_;
  writer_chosen_ = true;
  word_.fetch_or(kWriter, std::memory_order_relaxed);
  while (word_.load(std::memory_order_acquire) != kWriter) AwaitChange();
}

void SharedMutex::Unlock() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  SmallMutexLock lock(mu_);
  const uint32_t keep = writers_queued_ > 0 ? kWriter : 0;
  word_.store(readers_queued_ | keep, std::memory_order_release);
  const bool anyone = readers_queued_ > 0 || writers_queued_ > 0;
  readers_queued_ = 0;
  writer_chosen_ = false;
  ++phase_;
  if (anyone) Announce();
}

}  // namespace gofer::base
