// CallGate: what happens to every call before and after its body.

#ifndef GOFERD_CONTROLPLANE_SERVICE_CALL_GATE_H_
#define GOFERD_CONTROLPLANE_SERVICE_CALL_GATE_H_

#include <google/protobuf/message.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include <atomic>
#include <functional>

#include "absl/status/status.h"
#include "controlplane/auth/audit.h"
#include "controlplane/auth/caller.h"
#include "controlplane/auth/method_policy.h"
#include "controlplane/service/call_context.h"

namespace goferd::service {

// Finds out who calls, compares with the policy of the method, and keeps the
// record. Thread-safe.
class CallGate {
 public:
  // Who makes a call; see auth/transport_identity.h.
  using Identify = std::function<auth::Caller(const grpc::ServerContextBase&)>;

  // `audit` outlives the gate.
  CallGate(Identify identify, auth::AuditLog& audit)
      : identify_(std::move(identify)), audit_(audit) {}

  // A call on its way.
  struct Call {
    const auth::MethodPolicy& policy;
    CallContext context;
    // Why the body must not run.
    absl::Status admission;

    bool is_inline() const { return policy.runs == auth::Runs::kInline; }
    bool is_mutation() const { return policy.kind == auth::Kind::kMutation; }
  };
  // `method` lives as long as the call, as the rows of auth/methods.h do.
  Call Admit(const auth::MethodPolicy& method,
             const grpc::ServerContextBase& context) const;

  // Writes the audit record of a mutation, and turns its outcome into gRPC's
  // terms. Exactly once for each call.
  grpc::Status Finish(const Call& call,
                      const google::protobuf::Message& request,
                      const absl::Status& outcome);

  // From now on mutations fail with SHUTTING_DOWN.
  void RefuseMutations() { refuses_mutations_ = true; }

 private:
  const Identify identify_;
  auth::AuditLog& audit_;
  std::atomic<bool> refuses_mutations_ = false;
};

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_CALL_GATE_H_
