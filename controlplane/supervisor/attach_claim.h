// AttachClaim: the right to attach one connection.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_ATTACH_CLAIM_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_ATTACH_CLAIM_H_

#include <string>

namespace goferd::supervisor {

// Taken from a ticket; see Supervisor::ClaimTickets.
struct AttachClaim {
  std::string server_id;
  std::string connection_id;
  std::string connection_uid;
};

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_ATTACH_CLAIM_H_
