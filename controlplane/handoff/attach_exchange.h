// Exchange: the steps by which one packet on the attach socket is served.

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

// Each of these functions may close descriptors that the client sent, and block
// there for as long as the client likes: call them on a thread that may be
// lost.

// A well-formed request, and the descriptors that came beside it.
struct AttachOrder {
  attach_record::AttachRequest request;
  std::vector<gofer::base::UniqueFd> fds;
};

// Reads the first packet on the borrowed, non-blocking `socket` and leaves it
// there: no descriptor is taken before the tickets are known to be good. The
// outer error is EAGAIN (no packet yet) or the end of the socket; the inner
// error is about the packet: FIELD_INVALID.
gofer::base::ErrnoOr<absl::StatusOr<attach_record::AttachRequest>> PeekRequest(
    int socket);
// Receives the packet of `request` with the descriptors beside it. Errors:
// FIELD_INVALID; all descriptors that came are closed then.
absl::StatusOr<AttachOrder> ReceiveOrder(int socket,
                                         attach_record::AttachRequest request);
// Receives the packet and drops it. An answer on a socket that has unread data
// would not arrive.
void Discard(int socket);

// When an order gives up.
struct OrderBounds {
  // No gofer is asked after this time.
  std::chrono::steady_clock::time_point deadline;
  // No gofer is asked while this is true.
  const std::atomic<bool>& is_stopping;
};

// Uses up the tickets, all or none, and attaches their connections. Blocks.
// Returns the clients' ends, none with GIVE. Every use is audited. Errors:
// those of Attachments::ClaimTickets, and those of Attach, after which the
// connections of all tickets end.
absl::StatusOr<std::vector<gofer::base::UniqueFd>> CarryOut(
    AttachOrder order, const gofer::uds::PeerCredentials& peer,
    supervisor::Attachments& attachments, AttachAudit& audit,
    const OrderBounds& bounds);
// Makes the SHUTTING_DOWN error.
absl::Status GoingDown();
supervisor::admin::AttachMode ModeOf(
    const attach_record::AttachRequest& request);
// Returns the request's mode for the audit: "TAKE" or "GIVE".
const char* WordOf(const attach_record::AttachRequest& request);

// Answers on the borrowed, non-blocking `socket`; does not wait for a client
// that does not read.
void Answer(int socket,
            const absl::StatusOr<std::vector<gofer::base::UniqueFd>>& result);

}  // namespace goferd::handoff

#endif  // GOFERD_CONTROLPLANE_HANDOFF_ATTACH_EXCHANGE_H_
