// AttachClaim: the right to attach one connection.

#ifndef GOFERD_CONTROLPLANE_TICKETS_ATTACH_CLAIM_H_
#define GOFERD_CONTROLPLANE_TICKETS_ATTACH_CLAIM_H_

#include <string>

namespace goferd::tickets {

// A claim is made from a ticket; see supervisor::Attachments::ClaimTickets.
struct AttachClaim {
  std::string server_id;
  std::string connection_id;
  std::string connection_uid;
};

}  // namespace goferd::tickets

#endif  // GOFERD_CONTROLPLANE_TICKETS_ATTACH_CLAIM_H_
