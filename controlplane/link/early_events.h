// EarlyEvents: what a gofer tells before its server is ready to hear it.

#ifndef GOFERD_CONTROLPLANE_LINK_EARLY_EVENTS_H_
#define GOFERD_CONTROLPLANE_LINK_EARLY_EVENTS_H_

#include <cstddef>
#include <utility>
#include <vector>

#include "goferd/worker/v1/event.pb.h"
#include "server/base/mutex.h"

namespace goferd::link {

// Events follow Adopt's answer at once, and the answer is brought into the
// model by another thread: those that come meanwhile are kept, so that none is
// overtaken. Thread-safe; its lock comes after the model's.
class EarlyEvents {
 public:
  // False when they are to be applied from now on.
  bool Keep(const worker::v1::Event& event) {
    gofer::base::MutexLock lock(mu_);
    if (open_) return false;
    const size_t bytes = event.ByteSizeLong();
    if (events_.size() >= kMost || bytes > kMostBytes - bytes_) {
      // What has a gap is of no use.
      overflow_ = true;
      events_ = {};
      bytes_ = kMostBytes;
    } else {
      events_.push_back(event);
      bytes_ += bytes;
    }
    return true;
  }
  // Those that were kept, in order; the last ones. None after an overflow.
  std::vector<worker::v1::Event> Open() {
    gofer::base::MutexLock lock(mu_);
    open_ = true;
    return std::move(events_);
  }
  // Whether there were more than are kept, or bigger ones.
  bool overflow() {
    gofer::base::MutexLock lock(mu_);
    return overflow_;
  }

 private:
  static constexpr size_t kMost = 65'536;
  // Of all of them: one alone may be 1 MiB. As many as kMost that are of the
  // usual size have room; nothing in an event is repeated, so in memory it is
  // longer by no more than its fields.
  static constexpr size_t kMostBytes = size_t{16} << 20;

  gofer::base::Mutex mu_;
  bool open_ ABSL_GUARDED_BY(mu_) = false;
  bool overflow_ ABSL_GUARDED_BY(mu_) = false;
  size_t bytes_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<worker::v1::Event> events_ ABSL_GUARDED_BY(mu_);
};

}  // namespace goferd::link

#endif  // GOFERD_CONTROLPLANE_LINK_EARLY_EVENTS_H_
