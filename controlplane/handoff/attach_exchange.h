// Exchange: what becomes of one packet on the attach socket.

#ifndef GOFERD_CONTROLPLANE_HANDOFF_ATTACH_EXCHANGE_H_
#define GOFERD_CONTROLPLANE_HANDOFF_ATTACH_EXCHANGE_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controlplane/handoff/attach_audit.h"
#include "controlplane/handoff/attach_record.h"
#include "controlplane/supervisor/supervisor.h"
#include "server/base/errno.h"
#include "server/base/unique_fd.h"
#include "server/uds/peer_credentials.h"

namespace goferd::handoff {

// A request that is in order in itself, and what came beside it.
struct AttachOrder {
  AttachRequest request;
  std::vector<gofer::base::UniqueFd> fds;
};

// Receives one packet from the borrowed, non-blocking `socket`. The outer error
// is EAGAIN (nothing yet) or the end of the socket; the inner one is that of
// the packet: FIELD_INVALID, and everything that came with it is closed.
gofer::base::ErrnoOr<absl::StatusOr<AttachOrder>> ReceiveOrder(int socket);

// Uses up the tickets, all or none, and attaches their connections. Blocks.
// Returns the clients' ends, none with GIVE. All of it is on record. Errors:
// those of Supervisor::ClaimTickets; those of Attach: the connections of all
// tickets end then.
absl::StatusOr<std::vector<gofer::base::UniqueFd>> CarryOut(
    AttachOrder order, const gofer::uds::PeerCredentials& peer,
    supervisor::Supervisor& supervisor, AttachAudit& audit);

// Answers on the borrowed, non-blocking `socket`; does not wait for a client
// that does not read.
void Answer(int socket,
            const absl::StatusOr<std::vector<gofer::base::UniqueFd>>& result);

}  // namespace goferd::handoff

#endif  // GOFERD_CONTROLPLANE_HANDOFF_ATTACH_EXCHANGE_H_
