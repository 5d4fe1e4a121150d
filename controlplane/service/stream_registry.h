// StreamRegistry: the calls that do not end by themselves.

#ifndef GOFERD_CONTROLPLANE_SERVICE_STREAM_REGISTRY_H_
#define GOFERD_CONTROLPLANE_SERVICE_STREAM_REGISTRY_H_

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"
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
};

// Advances all live calls on one thread, and ends them before gRPC's server is
// shut down, which would wait for them for ever. Thread-safe.
class StreamRegistry {
 public:
  // Allows at most `max_calls` at once. `log` outlives the registry.
  explicit StreamRegistry(model::EventLog& log, size_t max_calls = 256);
  // There must be no calls left.
  ~StreamRegistry();
  StreamRegistry(const StreamRegistry&) = delete;
  StreamRegistry& operator=(const StreamRegistry&) = delete;

  // Adds a call, and calls its Advance soon. Errors: PROCESS_LIMIT when there
  // are too many calls, SHUTTING_DOWN after EndAll.
  absl::Status Add(std::shared_ptr<LiveCall> call);
  void Remove(const LiveCall& call);
  // Calls Advance of all soon.
  void Wake();

  // Takes no more calls, and ends the existing ones.
  void EndAll();
  // Waits until all calls were removed; returns false after `patience`.
  bool WaitEmpty(absl::Duration patience);
  size_t size() const;

 private:
  using Calls = std::map<const LiveCall*, std::shared_ptr<LiveCall>>;

  absl::Status StartThread() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Run();

  const size_t max_calls_;
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
