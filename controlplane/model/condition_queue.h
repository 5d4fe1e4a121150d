// ConditionQueue: conditions that come and go faster than is told.

#ifndef GOFERD_CONTROLPLANE_MODEL_CONDITION_QUEUE_H_
#define GOFERD_CONTROLPLANE_MODEL_CONDITION_QUEUE_H_

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "goferd/worker/v1/event.pb.h"

namespace goferd::model {

// Of one server, whose gofer says what it likes. Every change of a condition
// may be kept by thousands and is sent to every watcher; so each condition is
// told of once in kPeriod, and all together kMostInPeriod times. Of what comes
// meanwhile the last is kept, and told later. Not thread-safe.
class ConditionQueue {
 public:
  using Change = worker::v1::ConditionChanged;

  static constexpr absl::Duration kPeriod = absl::Seconds(1);
  static constexpr size_t kMostInPeriod = 32;

  // Whether `change` is to be told of at once; otherwise it is kept. The caller
  // knows of whom it is, and has cut its message, which bounds what is kept.
  bool Offer(const Change& change, absl::Time now);
  // What was kept and may be told of now, the longest waiting first.
  std::vector<Change> TakeDue(absl::Time now);
  // Whether anything is kept.
  bool is_waiting() const { return kept_count_ > 0; }

 private:
  // The connection's uid, and the type.
  using Key = std::pair<std::string, int>;
  struct Entry {
    // When it may be told of again.
    absl::Time free_at;
    std::optional<Change> kept;
  };

  bool HasRoom(absl::Time now);

  std::map<Key, Entry> entries_;
  size_t kept_count_ = 0;
  absl::Time period_end_ = absl::InfinitePast();
  size_t told_ = 0;
};

}  // namespace goferd::model

#endif  // GOFERD_CONTROLPLANE_MODEL_CONDITION_QUEUE_H_
