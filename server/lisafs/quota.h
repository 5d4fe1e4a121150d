// Quota: how many objects of one kind a connection may keep alive. The objects
// themselves hold the slots, so that an object that stays alive behind a closed
// FDID still counts.

#ifndef GOFER_SERVER_LISAFS_QUOTA_H_
#define GOFER_SERVER_LISAFS_QUOTA_H_

#include <atomic>
#include <cstdint>

#include "server/base/ref_ptr.h"

namespace gofer::lisafs {

// Counts slots in use. Thread-safe; kept alive by its slots.
class Quota : public base::RefCounted {
 public:
  explicit Quota(uint32_t limit) : limit_(limit) {}

  uint32_t limit() const { return limit_; }
  uint32_t in_use() const { return in_use_.load(std::memory_order_relaxed); }

 private:
  friend class QuotaSlot;
  bool TryTake() {
    uint32_t used = in_use_.load(std::memory_order_relaxed);
    do {
      if (used >= limit_) return false;
    } while (!in_use_.compare_exchange_weak(used, used + 1,
                                            std::memory_order_relaxed));
    return true;
  }
  void GiveBack() { in_use_.fetch_sub(1, std::memory_order_relaxed); }

  const uint32_t limit_;
  std::atomic<uint32_t> in_use_ = 0;
};

// One slot of a Quota, given back on destruction. Empty when the quota was used
// up, and after having been moved from.
class QuotaSlot {
 public:
  QuotaSlot() = default;
  static QuotaSlot Take(Quota& quota) {
    QuotaSlot slot;
    if (quota.TryTake()) slot.quota_ = base::RefPtr<Quota>::Share(&quota);
    return slot;
  }
  QuotaSlot(QuotaSlot&&) noexcept = default;
  QuotaSlot& operator=(QuotaSlot&& other) noexcept {
    if (this != &other) {
      Reset();
      quota_ = std::move(other.quota_);
    }
    return *this;
  }
  ~QuotaSlot() { Reset(); }

  explicit operator bool() const { return static_cast<bool>(quota_); }

 private:
  void Reset() {
    if (quota_) quota_->GiveBack();
    quota_.reset();
  }

  base::RefPtr<Quota> quota_;
};

}  // namespace gofer::lisafs

#endif  // GOFER_SERVER_LISAFS_QUOTA_H_
