// RunUnary: a method of gRPC's callback API, made from a plain body.

#ifndef GOFERD_CONTROLPLANE_SERVICE_UNARY_H_
#define GOFERD_CONTROLPLANE_SERVICE_UNARY_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controlplane/auth/method_policy.h"
#include "controlplane/service/audit_subject.h"
#include "controlplane/service/call_gate.h"
#include "controlplane/service/executor.h"

namespace goferd::service {

// The parts that all methods share; they outlive the server.
struct CallPath {
  CallGate& gate;
  Executor& executor;
};

// Runs the body of one call and finishes it. gRPC keeps the request, the
// response and the context until the reactor is finished, also when the client
// has gone.
template <class Service, class Request, class Response>
class UnaryCall {
 public:
  using Body = absl::StatusOr<Response> (Service::*)(const CallContext&,
                                                     const Request&);

  static grpc::ServerUnaryReactor* Run(const CallPath& path,
                                       const auth::MethodPolicy& method,
                                       grpc::CallbackServerContext* context,
                                       const Request* request,
                                       Response* response, Service& service,
                                       Body body) {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    CallGate& gate = path.gate;
    CallGate::Call call = gate.Admit(method, *context);
    if (!call.admission.ok()) {
      reactor->Finish(gate.Finish(call, *request, call.admission));
      return reactor;
    }
    auto run = [=, &gate, &service] {
      reactor->Finish(gate.Finish(
          call, *request,
          Invoke(*context, call, *request, *response, service, body)));
    };
    if (call.is_inline()) {
      run();
      return reactor;
    }
    const absl::Status posted = path.executor.Post(
        {call.context.caller, ServerOf(*request)}, std::move(run));
    if (!posted.ok()) reactor->Finish(gate.Finish(call, *request, posted));
    return reactor;
  }

 private:
  static absl::Status Invoke(const grpc::CallbackServerContext& context,
                             const CallGate::Call& call, const Request& request,
                             Response& response, Service& service, Body body) {
    // The client is gone while the call waited for a thread: nobody would get
    // the answer.
    if (context.IsCancelled()) {
      return absl::CancelledError("the call was cancelled before it began");
    }
    absl::StatusOr<Response> answer = (service.*body)(call.context, request);
    if (!answer.ok()) return answer.status();
    response = *std::move(answer);
    return absl::OkStatus();
  }
};

// Finishes the call with the answer of `body`, on this thread or on one of the
// executor's, as `method` says, which is a row of auth/methods.h.
template <class Service, class Request, class Response>
grpc::ServerUnaryReactor* RunUnary(
    const CallPath& path, const auth::MethodPolicy& method,
    grpc::CallbackServerContext* context, const Request* request,
    Response* response, Service& service,
    absl::StatusOr<Response> (Service::*body)(const CallContext&,
                                              const Request&)) {
  return UnaryCall<Service, Request, Response>::Run(
      path, method, context, request, response, service, body);
}

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_UNARY_H_
