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
  MutexLock lock(mu_);
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
  while (phase_ == my_phase) changed_.Wait(mu_);
}

void SharedMutex::UnlockShared() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  const uint32_t before = word_.fetch_sub(1, std::memory_order_release);
  if (before == (kWriter | 1)) WakeDrainedWriter();
}

void SharedMutex::WakeDrainedWriter() {
  MutexLock lock(mu_);
  changed_.NotifyAll();
}

void SharedMutex::Lock() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  MutexLock lock(mu_);
  ++writers_queued_;
  while (writer_chosen_) changed_.Wait(mu_);
  --writers_queued_;
  writer_chosen_ = true;
  word_.fetch_or(kWriter, std::memory_order_relaxed);
  while (word_.load(std::memory_order_acquire) != kWriter) changed_.Wait(mu_);
}

void SharedMutex::Unlock() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  MutexLock lock(mu_);
  const uint32_t keep = writers_queued_ > 0 ? kWriter : 0;
  word_.store(readers_queued_ | keep, std::memory_order_release);
  const bool anyone = readers_queued_ > 0 || writers_queued_ > 0;
  readers_queued_ = 0;
  writer_chosen_ = false;
  ++phase_;
  if (anyone) changed_.NotifyAll();
}

}  // namespace gofer::base
