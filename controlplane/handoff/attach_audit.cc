#include "controlplane/handoff/attach_audit.h"

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "controlplane/errors/error.h"
#include "controlplane/names/resource_name.h"

namespace goferd::handoff {
namespace {

auth::AuditRecord MakeRecord(absl::string_view mode,
                             const gofer::uds::PeerCredentials& peer,
                             const absl::Status& outcome) {
  auth::AuditRecord record;
  record.time = absl::Now();
  // The user has no role in the record: a ticket needs none.
  record.caller.name =
      absl::StrCat("uid=", peer.uid, " gid=", peer.gid, " pid=", peer.pid);
  record.method = absl::StrCat("attach/", mode);
  record.code = absl::StatusCodeToString(outcome.code());
  const errors::Reason reason = errors::ReasonOf(outcome);
  if (reason != errors::Reason::ERROR_REASON_UNSPECIFIED) {
    record.reason = admin::v1::ErrorReason_Name(reason);
  }
  return record;
}

}  // namespace

void AttachAudit::Used(absl::string_view mode,
                       const gofer::uds::PeerCredentials& peer,
                       const tickets::AttachClaim& claim,
                       const absl::Status& attached) {
  auth::AuditRecord record = MakeRecord(mode, peer, attached);
  record.resource =
      names::FormatConnectionName(claim.server_id, claim.connection_id);
  log_.Write(record);
}

void AttachAudit::Refused(absl::string_view mode,
                          const gofer::uds::PeerCredentials& peer,
                          const absl::Status& why) {
  uint64_t left_out = 0;
  if (!refusals_.Allow(&left_out)) return;
  auth::AuditRecord record = MakeRecord(mode, peer, why);
  record.left_out = left_out;
  log_.Write(record);
}

}  // namespace goferd::handoff
