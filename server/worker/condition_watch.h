// ConditionWatch: which conditions hold, and which have come or gone.

#ifndef GOFER_SERVER_WORKER_CONDITION_WATCH_H_
#define GOFER_SERVER_WORKER_CONDITION_WATCH_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "goferd/worker/v1/event.pb.h"

namespace gofer::worker {

// The caller looks at everything in rounds: a condition that nobody looked at
// in a round does not hold any more. Not thread-safe.
class ConditionWatch {
 public:
  using Type = goferd::worker::v1::ConditionChanged::Type;

  // A pressure begins at kBeginPercent and ends below kEndPercent, so that it
  // does not come and go with every file.
  static constexpr uint64_t kBeginPercent = 80;
  static constexpr uint64_t kEndPercent = 70;

  // `uid` is the connection's, or empty for the server. `used` things are in
  // use where `limit` are allowed; 0 is no limit.
  void LookAtUse(const std::string& uid, Type type, uint64_t used,
                 uint64_t limit);
  // `count` requests are in flight for too long, the oldest for `age_ns`.
  void LookAtStalls(const std::string& uid, size_t count, int64_t age_ns);
  // Ends the round, and returns the conditions that came or went by it.
  std::vector<goferd::worker::v1::ConditionChanged> EndRound();

  bool any() const { return !holding_.empty(); }
  // Forgets which conditions hold, so that EndRound returns them all again.
  void Reset() { holding_.clear(); }

 private:
  using Key = std::pair<std::string, Type>;

  // The conditions that hold, with the text for each.
  std::map<Key, std::string> holding_;
  std::map<Key, std::string> round_;
};

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_CONDITION_WATCH_H_
