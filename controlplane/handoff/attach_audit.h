// AttachAudit: a record of every use of a ticket.

#ifndef GOFERD_CONTROLPLANE_HANDOFF_ATTACH_AUDIT_H_
#define GOFERD_CONTROLPLANE_HANDOFF_ATTACH_AUDIT_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "controlplane/auth/audit.h"
#include "controlplane/tickets/attach_claim.h"
#include "server/base/log.h"
#include "server/uds/peer_credentials.h"

namespace goferd::handoff {

// Says who attached what, and what became of it; never the ticket. Thread-safe.
class AttachAudit {
 public:
  // `log` outlives it.
  explicit AttachAudit(auth::AuditLog& log) : log_(log) {}

  // The ticket was good. `mode` is "TAKE" or another of AttachMode.
  void Used(absl::string_view mode, const gofer::uds::PeerCredentials& peer,
            const tickets::AttachClaim& claim, const absl::Status& attached);
  // It was not. Whoever reaches the socket can cause these: one a second, with
  // the number of those between.
  void Refused(absl::string_view mode, const gofer::uds::PeerCredentials& peer,
               const absl::Status& why);

 private:
  auth::AuditLog& log_;
  gofer::base::RateLimit refusals_;
};

}  // namespace goferd::handoff

#endif  // GOFERD_CONTROLPLANE_HANDOFF_ATTACH_AUDIT_H_
