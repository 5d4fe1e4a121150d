#include "server/worker/condition_watch.h"

#include "absl/strings/str_cat.h"

namespace gofer::worker {
namespace {

namespace v1 = ::goferd::worker::v1;

constexpr int64_t kNsPerMilli = 1'000'000;

v1::ConditionChanged MakeChange(const std::string& uid,
                                ConditionWatch::Type type, bool active,
                                const std::string& message) {
  v1::ConditionChanged change;
  change.set_connection_uid(uid);
  change.set_type(type);
  change.set_active(active);
  change.set_message(message);
  return change;
}

}  // namespace

void ConditionWatch::LookAtUse(const std::string& uid, Type type, uint64_t used,
                               uint64_t limit) {
  const Key key(uid, type);
  const uint64_t percent =
      holding_.count(key) != 0 ? kEndPercent : kBeginPercent;
  if (limit == 0 || used * 100 < limit * percent) return;
  round_[key] = absl::StrCat(
      used, " of ", limit,
      type == v1::ConditionChanged::FD_PRESSURE ? " FDs" : " nodes");
}

void ConditionWatch::LookAtStalls(const std::string& uid, size_t count,
                                  int64_t age_ns) {
  if (count == 0) return;
  round_[Key(uid, v1::ConditionChanged::STALLED_REQUEST)] =
      absl::StrCat(count, " in flight for long, the oldest for ",
                   age_ns / kNsPerMilli, " ms");
}

std::vector<v1::ConditionChanged> ConditionWatch::EndRound() {
  std::vector<v1::ConditionChanged> changes;
  for (const auto& [key, message] : holding_) {
    if (round_.count(key) != 0) continue;
    changes.push_back(MakeChange(key.first, key.second, false, message));
  }
  for (const auto& [key, message] : round_) {
    if (holding_.count(key) != 0) continue;
    changes.push_back(MakeChange(key.first, key.second, true, message));
  }
  holding_ = std::exchange(round_, {});
  return changes;
}

}  // namespace gofer::worker
