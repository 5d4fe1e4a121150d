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

// A stream or a long poll. Its methods are called without locks, at most one
// at a time but for OnEnd.
class LiveCall {
 public:
  virtual ~LiveCall() = default;
  // Something was published, or it is the time that was returned last. Does
  // what there is to do, without waiting, and returns when to be called at the
  // latest.
  virtual SteadyTime Advance(SteadyTime now) = 0;
  // goferd goes down: the call is to end, with SHUTTING_DOWN.
  virtual void End() = 0;
};

// Keeps live calls going, all on one thread, and ends them before gRPC's server
// is shut down, which would wait for them for ever. Thread-safe.
class StreamRegistry {
 public:
  // At most `max_calls` at once. `log` outlives the registry.
  StreamRegistry(model::EventLog& log, size_t max_calls = 256);
  // There must be no calls left.
  ~StreamRegistry();
  StreamRegistry(const StreamRegistry&) = delete;
  StreamRegistry& operator=(const StreamRegistry&) = delete;

  // Calls Advance soon. PROCESS_LIMIT when there are too many, SHUTTING_DOWN
  // after EndAll.
  absl::Status Add(std::shared_ptr<LiveCall> call);
  void Remove(const LiveCall& call);
  // Calls Advance of all soon.
  void Wake();

  // Takes no more calls, and ends those that there are.
  void EndAll();
  // Whether all were removed within `patience`.
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
  // Last: it wakes the rest.
  std::unique_ptr<model::EventLog::Subscription> subscription_;
};

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_STREAM_REGISTRY_H_
