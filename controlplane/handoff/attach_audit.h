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

// Records who attached which connection and with what result; a ticket is never
// recorded, since whoever reads the log could use it. Thread-safe.
class AttachAudit {
 public:
  // `log` outlives it.
  explicit AttachAudit(auth::AuditLog& log) : log_(log) {}

  // The ticket was good. `mode` is a value's name of AttachMode, as "TAKE".
  void Used(absl::string_view mode, const gofer::uds::PeerCredentials& peer,
            const tickets::AttachClaim& claim, const absl::Status& attached);
  // The ticket was not good. Anybody who reaches the socket can cause such
  // records, so that one a second is written, with the number of those left
  // out.
  void Refused(absl::string_view mode, const gofer::uds::PeerCredentials& peer,
               const absl::Status& why);

 private:
  auth::AuditLog& log_;
  gofer::base::RateLimit refusals_;
};

}  // namespace goferd::handoff

#endif  // GOFERD_CONTROLPLANE_HANDOFF_ATTACH_AUDIT_H_
