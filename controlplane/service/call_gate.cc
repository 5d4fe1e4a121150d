#include "controlplane/service/call_gate.h"

#include <utility>

#include "absl/time/clock.h"
#include "controlplane/auth/authorize.h"
#include "controlplane/errors/error.h"
#include "controlplane/service/audit_subject.h"
#include "controlplane/service/status_translation.h"

namespace goferd::service {

CallGate::Call CallGate::Admit(const auth::MethodPolicy& method,
                               const grpc::ServerContextBase& context) const {
  Call call = {method,
               {identify_(context), absl::FromChrono(context.deadline())},
               absl::OkStatus()};
  call.admission = auth::Authorize(call.context.caller, &method);
  if (call.admission.ok() && refuses_mutations_ && call.is_mutation()) {
    call.admission = errors::Error(errors::Reason::SHUTTING_DOWN,
                                   "goferd is going down: try again later");
  }
  return call;
}

absl::Status CallGate::AdmitAgain(
    const auth::MethodPolicy& method,
    const grpc::ServerContextBase& context) const {
  return auth::Authorize(identify_(context), &method);
}

grpc::Status CallGate::Finish(const Call& call,
                              const google::protobuf::Message& request,
                              const absl::Status& outcome) {
  const grpc::Status status = ToGrpcStatus(outcome);
  if (!call.is_mutation()) return status;
  AuditSubject subject = SubjectOf(request);
  auth::AuditRecord record;
  record.time = absl::Now();
  record.caller = call.context.caller;
  record.method = std::string(call.policy.method);
  record.resource = std::move(subject.resource);
  record.request_id = std::move(subject.request_id);
  record.validate_only = subject.validate_only;
  record.code = absl::StatusCodeToString(
      static_cast<absl::StatusCode>(status.error_code()));
  const errors::Reason reason = errors::ReasonOf(outcome);
  if (reason != errors::Reason::ERROR_REASON_UNSPECIFIED) {
    record.reason = goferd::admin::v1::ErrorReason_Name(reason);
  }
  audit_.Write(record);
  return status;
}

}  // namespace goferd::service
