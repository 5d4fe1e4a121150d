#include "controlplane/model/condition_queue.h"

#include <algorithm>

namespace goferd::model {

bool ConditionQueue::HasRoom(absl::Time now) {
  if (now >= period_end_) {
    period_end_ = now + kPeriod;
    told_ = 0;
  }
  return told_ < kMostInPeriod;
}

bool ConditionQueue::Offer(const Change& change, absl::Time now) {
  Entry& entry = entries_[{change.connection_uid(), change.type()}];
  if (entry.kept || now < entry.free_at || !HasRoom(now)) {
    if (!entry.kept) ++kept_count_;
    entry.kept = change;
    return false;
  }
  ++told_;
  entry.free_at = now + kPeriod;
  return true;
}

std::vector<ConditionQueue::Change> ConditionQueue::TakeDue(absl::Time now) {
  std::vector<Entry*> due;
  for (auto it = entries_.begin(); it != entries_.end();) {
    Entry& entry = it->second;
    if (!entry.kept && entry.free_at <= now) {
      it = entries_.erase(it);
      continue;
    }
    if (entry.kept && entry.free_at <= now) due.push_back(&entry);
    ++it;
  }
  std::sort(due.begin(), due.end(), [](const Entry* a, const Entry* b) {
    return a->free_at < b->free_at;
  });
  std::vector<Change> changes;
  for (Entry* const entry : due) {
    if (!HasRoom(now)) break;
    ++told_;
    changes.push_back(*std::move(entry->kept));
    entry->kept.reset();
    --kept_count_;
    entry->free_at = now + kPeriod;
  }
  return changes;
}

}  // namespace goferd::model
