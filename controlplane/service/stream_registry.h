// StreamRegistry: the calls that do not end by themselves.

#ifndef GOFERD_CONTROLPLANE_SERVICE_STREAM_REGISTRY_H_
#define GOFERD_CONTROLPLANE_SERVICE_STREAM_REGISTRY_H_

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "controlplane/auth/caller.h"
#include "controlplane/model/event_log.h"
#include "server/base/mutex.h"
#include "server/base/thread.h"

namespace goferd::service {

using SteadyTime = std::chrono::steady_clock::time_point;

// A stream or a long poll. Its methods are called without locks. Advance is
// never called by two threads at once; End may come while it runs.
class LiveCall {
 public:
  virtual ~LiveCall() = default;
  // Called when an event was published, or at the time that was returned last.
  // Does all that can be done without waiting, and returns the latest time for
  // the next call.
  virtual SteadyTime Advance(SteadyTime now) = 0;
  // Ends the call with SHUTTING_DOWN, since goferd goes down.
  virtual void End() = 0;
  // Ends the call when its caller may not make it any more.
  virtual void CheckRole() = 0;
};

// Advances all live calls on one thread, and ends them before gRPC's server is
// shut down, which would wait for them for ever. Nobody can take all places:
// see role_share.h; and no caller but an admin has more than a part of them.
// Thread-safe.
class StreamRegistry {
 public:
  // Watches cost a message for each event; waits cost one answer.
  enum class Kind { kWatch, kWait };
  // How many calls there may be at once.
  struct Bounds {
    size_t watches = 256;
    size_t watches_of_caller = 64;
    size_t waits = 2048;
    size_t waits_of_caller = 1024;
  };
  // `log` outlives the registry.
  explicit StreamRegistry(model::EventLog& log)
      : StreamRegistry(log, Bounds()) {}
  StreamRegistry(model::EventLog& log, const Bounds& bounds);
  // There must be no calls left.
  ~StreamRegistry();
  StreamRegistry(const StreamRegistry&) = delete;
  StreamRegistry& operator=(const StreamRegistry&) = delete;

  // Adds a call of `caller`, and calls its Advance soon. Errors: PROCESS_LIMIT
  // when there are too many calls, SHUTTING_DOWN after EndAll.
  absl::Status Add(std::shared_ptr<LiveCall> call, Kind kind,
                   const auth::Caller& caller);
  void Remove(const LiveCall& call);
  // Calls Advance of all soon.
  void Wake();
  // Must be called when roles may have changed: a caller whose role was taken
  // away keeps no stream.
  void CheckRoles();

  // Takes no more calls, and ends the existing ones.
  void EndAll();
  // Waits until all calls were removed; returns false after `patience`.
  bool WaitEmpty(absl::Duration patience);
  size_t size() const;

 private:
  struct Entry {
    std::shared_ptr<LiveCall> call;
    Kind kind;
    std::string caller;
  };
  using Calls = std::map<const LiveCall*, Entry>;

  // PROCESS_LIMIT.
  absl::Status CheckRoom(Kind kind, const auth::Caller& caller) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status StartThread() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Run();

  const Bounds bounds_;
  mutable gofer::base::Mutex mu_;
  gofer::base::CondVar changed_;
  Calls calls_ ABSL_GUARDED_BY(mu_);
  gofer::base::Thread thread_ ABSL_GUARDED_BY(mu_);
  bool woken_ ABSL_GUARDED_BY(mu_) = false;
  bool ended_ ABSL_GUARDED_BY(mu_) = false;
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
  // This is the last member, so that it is destroyed first: it wakes the
  // thread.
  std::unique_ptr<model::EventLog::Subscription> subscription_;
};

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_STREAM_REGISTRY_H_
