#include "clients/lisafs/close_batch.h"

#include <utility>

namespace gofer::client {

std::vector<wire::FdId> CloseBatch::Add(wire::FdId id) {
  base::MutexLock lock(mu_);
  ids_.push_back(id);
  if (ids_.size() < kFull) return {};
  return TakeLocked();
}

std::vector<wire::FdId> CloseBatch::Take() {
  base::MutexLock lock(mu_);
  return TakeLocked();
}

std::vector<wire::FdId> CloseBatch::TakeLocked() {
  return std::exchange(ids_, {});
}

}  // namespace gofer::client
