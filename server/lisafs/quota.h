// Quota: how many objects of one kind a connection may keep alive. The objects
// themselves hold the slots, so that an object that stays alive behind a closed
// FDID still counts.

#ifndef GOFER_SERVER_LISAFS_QUOTA_H_
#define GOFER_SERVER_LISAFS_QUOTA_H_

#include <atomic>
#include <cstdint>
#include <utility>

#include "server/base/ref_ptr.h"

namespace gofer::lisafs {

// Counts slots in use. Thread-safe; kept alive by its slots.
class Quota : public base::RefCounted {
 public:
  // Each slot takes one of `pool` as well, which others share; null for none.
  explicit Quota(uint32_t limit, base::RefPtr<Quota> pool = nullptr)
      : limit_(limit), pool_(std::move(pool)) {}

  uint32_t limit() const { return limit_.load(std::memory_order_relaxed); }
  // A lower limit takes no slot away.
  void SetLimit(uint32_t limit) {
    limit_.store(limit, std::memory_order_relaxed);
  }
  uint32_t in_use() const { return in_use_.load(std::memory_order_relaxed); }

 private:
  friend class QuotaSlot;
  bool TryTake() {
    uint32_t used = in_use_.load(std::memory_order_relaxed);
    do {
      if (used >= limit()) return false;
    } while (!in_use_.compare_exchange_weak(used, used + 1,
                                            std::memory_order_relaxed));
    if (!pool_ || pool_->TryTake()) return true;
    in_use_.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }
  void GiveBack() {
    in_use_.fetch_sub(1, std::memory_order_relaxed);
    if (pool_) pool_->GiveBack();
  }

  std::atomic<uint32_t> limit_;
  const base::RefPtr<Quota> pool_;
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
