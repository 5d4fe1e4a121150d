// Exchange: what becomes of one packet on the attach socket.

#ifndef GOFERD_CONTROLPLANE_HANDOFF_ATTACH_EXCHANGE_H_
#define GOFERD_CONTROLPLANE_HANDOFF_ATTACH_EXCHANGE_H_

#include <atomic>
#include <chrono>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controlplane/attach_record/attach_record.h"
#include "controlplane/handoff/attach_audit.h"
#include "controlplane/supervisor/attachments.h"
#include "controlplane/tickets/attach_claim.h"
#include "goferd/admin/v1/connection.pb.h"
#include "server/base/errno.h"
#include "server/base/unique_fd.h"
#include "server/uds/peer_credentials.h"

namespace goferd::handoff {

// All of these may block in closing what the client sent, for as long as the
// client likes: on a thread that may be lost.

// A request that is in order in itself, and what came beside it.
struct AttachOrder {
  attach_record::AttachRequest request;
  std::vector<gofer::base::UniqueFd> fds;
};

// The packet that is first on the borrowed, non-blocking `socket`, where it
// stays: no descriptor is taken before the tickets are known to be good. The
// outer error is EAGAIN (nothing yet) or the end of the socket; the inner one
// is that of the packet: FIELD_INVALID.
gofer::base::ErrnoOr<absl::StatusOr<attach_record::AttachRequest>> PeekRequest(
    int socket);
// Receives the packet that `request` is, with what is beside it. Errors:
// FIELD_INVALID; everything that came is closed then.
absl::StatusOr<AttachOrder> ReceiveOrder(int socket,
                                         attach_record::AttachRequest request);
// Receives the packet and lets go of it. An answer on a socket with something
// unread would not arrive.
void Discard(int socket);

// What an order may take.
struct OrderBounds {
  // No gofer is asked when it has passed.
  std::chrono::steady_clock::time_point deadline;
  // Nor when this is true.
  const std::atomic<bool>& is_stopping;
};

// Uses up the tickets, all or none, and attaches their connections. Blocks.
// Returns the clients' ends, none with GIVE. All of it is on record. Errors:
// those of Attachments::ClaimTickets; those of Attach: the connections of all
// tickets end then.
absl::StatusOr<std::vector<gofer::base::UniqueFd>> CarryOut(
    AttachOrder order, const gofer::uds::PeerCredentials& peer,
    supervisor::Attachments& attachments, AttachAudit& audit,
    const OrderBounds& bounds);
// SHUTTING_DOWN.
absl::Status GoingDown();
supervisor::admin::AttachMode ModeOf(
    const attach_record::AttachRequest& request);
// For the audit: "TAKE" or "GIVE".
const char* WordOf(const attach_record::AttachRequest& request);

// Answers on the borrowed, non-blocking `socket`; does not wait for a client
// that does not read.
void Answer(int socket,
            const absl::StatusOr<std::vector<gofer::base::UniqueFd>>& result);

}  // namespace goferd::handoff

#endif  // GOFERD_CONTROLPLANE_HANDOFF_ATTACH_EXCHANGE_H_
