// EarlyEvents: keeps a gofer's events until its server is ready for them.

#ifndef GOFERD_CONTROLPLANE_LINK_EARLY_EVENTS_H_
#define GOFERD_CONTROLPLANE_LINK_EARLY_EVENTS_H_

#include <cstddef>
#include <utility>
#include <vector>

#include "goferd/worker/v1/event.pb.h"
#include "server/base/mutex.h"

namespace goferd::link {

// Events follow Adopt's answer at once, and another thread brings the answer
// into the model. Events that come meanwhile are kept: applied before the
// answer, they would be overwritten by older state. Thread-safe; its lock is
// taken after the model's.
class EarlyEvents {
 public:
  // Keeps `event`. Returns false when events are to be applied from now on.
  bool Keep(const worker::v1::Event& event) {
    gofer::base::MutexLock lock(mu_);
    if (open_) return false;
    const size_t bytes = event.ByteSizeLong();
    if (events_.size() >= kMost || bytes > kMostBytes - bytes_) {
      // Events with a gap are of no use, so that all of them are dropped.
      overflow_ = true;
      events_ = {};
      bytes_ = kMostBytes;
    } else {
      events_.push_back(event);
      bytes_ += bytes;
    }
    return true;
  }
  // Returns the kept events in order, and keeps no more from now on. Returns no
  // events after an overflow.
  std::vector<worker::v1::Event> Open() {
    gofer::base::MutexLock lock(mu_);
    open_ = true;
    return std::move(events_);
  }
  // Whether events came that were too many or too big to be kept.
  bool overflow() {
    gofer::base::MutexLock lock(mu_);
    return overflow_;
  }

 private:
  static constexpr size_t kMost = 65'536;
  // The bound for all events together: a single event may have 1 MiB. kMost
  // events of the usual size have room. An event has no repeated fields, so
  // that in memory it is only longer by the space of its fields.
  static constexpr size_t kMostBytes = size_t{16} << 20;

  gofer::base::Mutex mu_;
  bool open_ ABSL_GUARDED_BY(mu_) = false;
  bool overflow_ ABSL_GUARDED_BY(mu_) = false;
  size_t bytes_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<worker::v1::Event> events_ ABSL_GUARDED_BY(mu_);
};

}  // namespace goferd::link

#endif  // GOFERD_CONTROLPLANE_LINK_EARLY_EVENTS_H_
