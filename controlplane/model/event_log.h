// EventLog: every change of every resource, in one order, for as long as there
// is room.

#ifndef GOFERD_CONTROLPLANE_MODEL_EVENT_LOG_H_
#define GOFERD_CONTROLPLANE_MODEL_EVENT_LOG_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "goferd/admin/v1/event_service.pb.h"
#include "server/base/mutex.h"

namespace goferd::model {

namespace admin = goferd::admin::v1;

// Keeps the last events. The first revision is the start, before any event;
// from there on they have no gaps. No other run has had any of them (see
// StateDirectory::BeginRevisions), so that a position of another run is never
// taken for one of this run.
// Thread-safe.
class EventLog {
 public:
  using Event = std::shared_ptr<const admin::Event>;

  // The most memory that all kept events may take.
  static constexpr size_t kMostBytes = size_t{32} << 20;

  // Keeps at most `capacity` events, and fewer when they are large.
  // `first_revision` is that before the first event.
  EventLog(size_t capacity, std::string instance_uid,
           int64_t first_revision = 1, size_t most_bytes = kMostBytes);
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  const std::string& instance_uid() const { return instance_uid_; }

  // Gives `event` (type and resource are set) the next revision, a token and
  // the time, and tells the listeners. Returns the revision.
  int64_t Publish(admin::Event event);
  // That of the start of this run, before any event.
  int64_t first_revision() const { return first_revision_; }
  // That of the last event; the first revision before any.
  int64_t revision() const;

  struct Batch {
    // False when some of what was asked for is not kept any more.
    bool complete = true;
    std::vector<Event> events;
  };
  // Up to `max_events` behind revision `after`.
  Batch Read(int64_t after, size_t max_events) const;

  // The token that resumes behind `revision`.
  std::string TokenOf(int64_t revision) const;
  // The revision of a token. `foreign` when it is another run's; nothing when
  // it is no token.
  struct Token {
    int64_t revision = 0;
    bool foreign = false;
  };
  std::optional<Token> ParseToken(absl::string_view token) const;

  // Calls `wake` after each Publish, on the publisher's thread, which holds
  // locks: it may only set something or post to another thread. Ends when the
  // returned object is destroyed; `wake` does not run any more then.
  class Subscription;
  std::unique_ptr<Subscription> Subscribe(std::function<void()> wake);

 private:
  struct Kept {
    Event event;
    size_t bytes = 0;
  };

  const size_t capacity_;
  const size_t most_bytes_;
  const std::string instance_uid_;
  const int64_t first_revision_;
  mutable gofer::base::Mutex mu_;
  std::deque<Kept> events_ ABSL_GUARDED_BY(mu_);
  size_t bytes_ ABSL_GUARDED_BY(mu_) = 0;
  int64_t revision_ ABSL_GUARDED_BY(mu_);
  gofer::base::Mutex listeners_mu_;
  std::map<uint64_t, std::function<void()>> listeners_
      ABSL_GUARDED_BY(listeners_mu_);
  uint64_t next_listener_ ABSL_GUARDED_BY(listeners_mu_) = 1;
};

// A running subscription. Destroyed before the log.
class EventLog::Subscription {
 public:
  Subscription(EventLog& log, uint64_t id) : log_(log), id_(id) {}
  ~Subscription();
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;

 private:
  EventLog& log_;
  const uint64_t id_;
};

}  // namespace goferd::model

#endif  // GOFERD_CONTROLPLANE_MODEL_EVENT_LOG_H_
