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

// Keeps the last events. Revision 1 is the start, before any event; from there
// on they have no gaps. Those of another run are told apart by the instance's
// uid, which tokens carry.
// Thread-safe.
class EventLog {
 public:
  using Event = std::shared_ptr<const admin::Event>;

  // Keeps at most `capacity` events.
  EventLog(size_t capacity, std::string instance_uid);
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  const std::string& instance_uid() const { return instance_uid_; }

  // Gives `event` (type and resource are set) the next revision, a token and
  // the time, and tells the listeners. Returns the revision.
  int64_t Publish(admin::Event event);
  // That of the last event; 1 before the first.
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
  const size_t capacity_;
  const std::string instance_uid_;
  mutable gofer::base::Mutex mu_;
  std::deque<Event> events_ ABSL_GUARDED_BY(mu_);
  int64_t revision_ ABSL_GUARDED_BY(mu_) = 1;
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
