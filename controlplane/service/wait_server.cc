#include <memory>
#include <string>
#include <utility>

#include "controlplane/auth/methods.h"
#include "controlplane/errors/error.h"
#include "controlplane/service/field_checks.h"
#include "controlplane/service/live_calls.h"
#include "controlplane/service/status_translation.h"
#include "controlplane/supervisor/servers.h"

namespace goferd::service {
namespace {

using admin::Server;
using admin::WaitServerRequest;
using gofer::base::MutexLock;

bool HasEnded(const Server& server) {
  return server.state() == Server::STOPPED || server.state() == Server::FAILED;
}

// Held by gRPC from Start until OnDone, and by the registry.
class WaitServerCall final
    : public grpc::ServerUnaryReactor,
      public LiveCall,
      public std::enable_shared_from_this<WaitServerCall> {
 public:
  WaitServerCall(const LiveCalls& live, auth::Caller caller,
                 const grpc::ServerContextBase& context, Server& response)
      : live_(live),
        caller_(std::move(caller)),
        context_(context),
        response_(response) {}

  // Reads the request. An error says why there is nothing to wait for.
  absl::Status Prepare(const WaitServerRequest& request);
  void Start(const absl::Status& admission);

  SteadyTime Advance(SteadyTime now) override;
  void End() override {
    Fail(errors::Error(errors::Reason::SHUTTING_DOWN,
                       "goferd is going down: wait again later"));
  }
  void CheckRole() override {
    MutexLock lock(mu_);
    // gRPC keeps the context until the call is finished.
    if (finished_) return;
    const absl::Status may =
        live_.gate.AdmitAgain(auth::methods::kWaitServer, context_);
    if (!may.ok()) FinishNow(ToGrpcStatus(may));
  }
  void OnCancel() override {
    MutexLock lock(mu_);
    FinishNow(grpc::Status::CANCELLED);
  }
  void OnDone() override {
    live_.streams.Remove(*this);
    // This is dropped after the lock, and may destroy the object.
    std::shared_ptr<WaitServerCall> self;
    MutexLock lock(mu_);
    self.swap(self_);
  }

 private:
  void Fail(const absl::Status& status) {
    MutexLock lock(mu_);
    FinishNow(ToGrpcStatus(status));
  }
  void FinishNow(const grpc::Status& status)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (std::exchange(finished_, true)) return;
    Finish(status);
  }
  // Whether the condition holds that was waited for; server_ is the answer
  // then.
  bool Holds() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const LiveCalls live_;
  const auth::Caller caller_;
  const grpc::ServerContextBase& context_;
  Server& response_;
  gofer::base::Mutex mu_;
  std::string id_ ABSL_GUARDED_BY(mu_);
  WaitServerRequest::Until until_ ABSL_GUARDED_BY(mu_) =
      WaitServerRequest::NO_CONNECTIONS;
  // The server as it was last.
  Server server_ ABSL_GUARDED_BY(mu_);
  bool finished_ ABSL_GUARDED_BY(mu_) = false;
  std::shared_ptr<WaitServerCall> self_ ABSL_GUARDED_BY(mu_);
};

absl::Status WaitServerCall::Prepare(const WaitServerRequest& request) {
  errors::FieldViolations violations;
  const std::string id = CheckServerName(violations, "name", request.name());
  CheckEnum(violations, "until", request.until());
  if (!violations.empty()) return violations.ToStatus();
  auto server = live_.node.servers.Get(id);
  if (!server.ok()) return server.status();
  MutexLock lock(mu_);
  id_ = id;
  if (request.until() != WaitServerRequest::UNTIL_UNSPECIFIED) {
    until_ = request.until();
  }
  server_ = *std::move(server);
  return absl::OkStatus();
}

void WaitServerCall::Start(const absl::Status& admission) {
  {
    MutexLock lock(mu_);
    self_ = shared_from_this();
  }
  if (!admission.ok()) return Fail(admission);
  const absl::Status added = live_.streams.Add(
      shared_from_this(), StreamRegistry::Kind::kWait, caller_);
  if (!added.ok()) Fail(added);
}

SteadyTime WaitServerCall::Advance(SteadyTime) {
  MutexLock lock(mu_);
  if (!finished_ && Holds()) {
    response_ = server_;
    FinishNow(grpc::Status::OK);
  }
  return SteadyTime::max();
}

bool WaitServerCall::Holds() {
  auto server = live_.node.servers.Get(id_);
  // If there is another server of the same name, ours is gone.
  if (!server.ok() || server->uid() != server_.uid()) {
    server_.set_state(Server::STOPPED);
    server_.set_active_connection_count(0);
    return true;
  }
  // A gofer that died and was started again has ended in between, with all its
  // connections.
  const bool died = server->restart_count() > server_.restart_count();
  server_ = *std::move(server);
  if (died || HasEnded(server_)) return true;
  return until_ == WaitServerRequest::NO_CONNECTIONS &&
         server_.active_connection_count() == 0;
}

}  // namespace

grpc::ServerUnaryReactor* StartWaitServer(const LiveCalls& live,
                                          grpc::CallbackServerContext* context,
                                          const WaitServerRequest& request,
                                          Server& response) {
  const CallGate::Call call =
      live.gate.Admit(auth::methods::kWaitServer, *context);
  auto wait = std::make_shared<WaitServerCall>(live, call.context.caller,
                                               *context, response);
  WaitServerCall* reactor = wait.get();
  wait->Start(call.admission.ok() ? wait->Prepare(request) : call.admission);
  return reactor;
}

}  // namespace goferd::service
