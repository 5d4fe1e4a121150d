// LiveStream: a stream of responses by gRPC's callback API, with one write at a
// time, which is finished exactly once.

#ifndef GOFERD_CONTROLPLANE_SERVICE_LIVE_STREAM_H_
#define GOFERD_CONTROLPLANE_SERVICE_LIVE_STREAM_H_

#include <grpcpp/support/server_callback.h>

#include <memory>
#include <utility>

#include "controlplane/errors/error.h"
#include "controlplane/service/live_calls.h"
#include "controlplane/service/status_translation.h"
#include "controlplane/service/stream_registry.h"
#include "server/base/mutex.h"

namespace goferd::service {

// Held by gRPC from Start until OnDone, by the registry, and by work under way
// on the executor. A subclass only says what comes next; it does so under mu_,
// when nothing is under way. gRPC never calls a reaction within the call that
// starts an operation, so that such a call may hold mu_.
template <class Response>
class LiveStream : public grpc::ServerWriteReactor<Response>,
                   public LiveCall,
                   public std::enable_shared_from_this<LiveStream<Response>> {
 public:
  // `context` is that of the call, which was admitted as `call`.
  LiveStream(const LiveCalls& live, const CallGate::Call& call,
             const grpc::ServerContextBase& context)
      : live_(live),
        caller_(call.context.caller),
        policy_(call.policy),
        context_(context) {}

  // Must be called once. When `admission` is an error, the stream ends with it.
  void Start(const absl::Status& admission) {
    {
      gofer::base::MutexLock lock(mu_);
      self_ = this->shared_from_this();
      if (!admission.ok()) return FinishWith(admission);
    }
    const absl::Status added = live_.streams.Add(
        this->shared_from_this(), StreamRegistry::Kind::kWatch, caller_);
    gofer::base::MutexLock lock(mu_);
    if (!added.ok() && !finished_) FinishWith(added);
  }

  SteadyTime Advance(SteadyTime now) override {
    gofer::base::MutexLock lock(mu_);
    next_ = SteadyTime::max();
    if (!busy_ && !finished_) Continue(now);
    return next_;
  }

  void End() override {
    gofer::base::MutexLock lock(mu_);
    ending_ = true;
    if (!busy_ && !finished_) EndNow();
  }

  void CheckRole() override {
    gofer::base::MutexLock lock(mu_);
    // gRPC keeps the context until the call is finished.
    if (finished_ || !revoked_.ok()) return;
    revoked_ = live_.gate.AdmitAgain(policy_, context_);
    if (!revoked_.ok() && !busy_) FinishWith(revoked_);
  }

  void OnWriteDone(bool ok) override {
    gofer::base::MutexLock lock(mu_);
    busy_ = false;
    if (!ok) cancelled_ = true;
    Resume();
  }

  void OnCancel() override {
    gofer::base::MutexLock lock(mu_);
    cancelled_ = true;
    if (!busy_ && !finished_) FinishNow(grpc::Status::CANCELLED);
  }

  void OnDone() override {
    live_.streams.Remove(*this);
    // This is dropped after the lock, and may destroy the object.
    std::shared_ptr<LiveStream> self;
    gofer::base::MutexLock lock(mu_);
    self.swap(self_);
  }

 protected:
  // Starts the next step: Write, WriteLast, FinishWith or Work. If it starts
  // none, it is called again at next_ or when an event was published.
  virtual void Continue(SteadyTime now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) = 0;
  // Makes the message before SHUTTING_DOWN; returns false when there is none.
  virtual bool MakeFarewell(Response&) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return false;
  }

  void Write(Response response) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    busy_ = true;
    response_ = std::move(response);
    this->StartWrite(&response_);
  }
  void WriteLast(Response response, const absl::Status& status)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    finished_ = true;
    response_ = std::move(response);
    this->StartWriteAndFinish(&response_, grpc::WriteOptions(),
                              ToGrpcStatus(status));
  }
  void FinishWith(const absl::Status& status)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    FinishNow(ToGrpcStatus(status));
  }

  // Runs `work` on the executor, without mu_, and then `then` under it.
  enum class Kind { kOnce, kPeriodic };
  template <class Work, class Then>
  absl::Status RunWork(Work work, Then then, Kind kind = Kind::kOnce)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    busy_ = true;
    const absl::Status posted = live_.executor.Post(
        {caller_, "", kind == Kind::kPeriodic},
        [self = this->shared_from_this(), this, work = std::move(work),
         then = std::move(then)]() mutable {
          auto result = work();
          gofer::base::MutexLock lock(mu_);
          busy_ = false;
          if (!cancelled_) then(std::move(result));
          Resume();
        });
    if (!posted.ok()) busy_ = false;
    return posted;
  }

  const LiveCalls live_;
  const auth::Caller caller_;
  const auth::MethodPolicy& policy_;
  const grpc::ServerContextBase& context_;
  gofer::base::Mutex mu_;
  // When Advance is to be called.
  SteadyTime next_ ABSL_GUARDED_BY(mu_) = SteadyTime::max();

 private:
  void Resume() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (busy_ || finished_) return;
    if (cancelled_) return FinishNow(grpc::Status::CANCELLED);
    if (!revoked_.ok()) return FinishWith(revoked_);
    if (ending_) return EndNow();
    Continue(std::chrono::steady_clock::now());
    // Only Advance reports next_ to the registry.
    if (next_ != SteadyTime::max()) live_.streams.Wake();
  }
  void EndNow() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    const absl::Status status =
        errors::Error(errors::Reason::SHUTTING_DOWN,
                      "goferd is going down: resume the stream later");
    Response farewell;
    if (MakeFarewell(farewell)) return WriteLast(std::move(farewell), status);
    FinishWith(status);
  }
  void FinishNow(const grpc::Status& status)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (std::exchange(finished_, true)) return;
    this->Finish(status);
  }

  Response response_ ABSL_GUARDED_BY(mu_);
  // A write or work is under way.
  bool busy_ ABSL_GUARDED_BY(mu_) = false;
  bool cancelled_ ABSL_GUARDED_BY(mu_) = false;
  bool ending_ ABSL_GUARDED_BY(mu_) = false;
  bool finished_ ABSL_GUARDED_BY(mu_) = false;
  // Why the caller may not read on; OK while it may.
  absl::Status revoked_ ABSL_GUARDED_BY(mu_);
  std::shared_ptr<LiveStream> self_ ABSL_GUARDED_BY(mu_);
};

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_LIVE_STREAM_H_
