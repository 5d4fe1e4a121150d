// CallGate: admits every call before its body, and audits it afterwards.

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

// Finds out who calls, checks the policy of the method, and writes the audit
// record. Thread-safe.
class CallGate {
 public:
  // Finds out who makes a call; see auth/transport_identity.h.
  using Identify = std::function<auth::Caller(const grpc::ServerContextBase&)>;

  // `audit` outlives the gate.
  CallGate(Identify identify, auth::AuditLog& audit)
      : identify_(std::move(identify)), audit_(audit) {}

  // A call between Admit and Finish.
  struct Call {
    const auth::MethodPolicy& policy;
    CallContext context;
    // OK, or the reason for which the body must not run.
    absl::Status admission;

    bool is_inline() const { return policy.runs == auth::Runs::kInline; }
    bool is_mutation() const { return policy.kind == auth::Kind::kMutation; }
  };
  // `method` lives as long as the call, as the rows of auth/methods.h do.
  Call Admit(const auth::MethodPolicy& method,
             const grpc::ServerContextBase& context) const;

  // Whether `method` would be admitted now: the caller's role may have changed.
  absl::Status AdmitAgain(const auth::MethodPolicy& method,
                          const grpc::ServerContextBase& context) const;

  // Writes the audit record of a mutation, and translates the outcome for gRPC.
  // Must be called exactly once for each call, or the audit is wrong.
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
