// AttachOperations: brings clients and gofers together.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_ATTACH_OPERATIONS_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_ATTACH_OPERATIONS_H_

#include <memory>
#include <string>
#include <vector>

#include "controlplane/gofers/context.h"
#include "controlplane/supervisor/attachments.h"
#include "controlplane/supervisor/ticket_issuer.h"

namespace goferd::supervisor {

class AttachOperations final : public Attachments {
 public:
  AttachOperations(gofers::Context& context, TicketIssuer& issuer)
      : context_(context), issuer_(issuer) {}

  absl::Status CheckTickets(const std::vector<std::string>& tickets,
                            const gofer::uds::PeerCredentials& peer,
                            admin::AttachMode mode) override;
  absl::StatusOr<std::vector<tickets::AttachClaim>> ClaimTickets(
      const std::vector<std::string>& tickets,
      const gofer::uds::PeerCredentials& peer, admin::AttachMode mode) override;
  absl::Status Attach(const tickets::AttachClaim& claim,
                      gofer::base::UniqueFd gofer_end,
                      const gofer::uds::PeerCredentials& peer) override;
  void Abandon(const tickets::AttachClaim& claim,
               absl::string_view why) override;
  void SetSockets(std::shared_ptr<tickets::ConnectionSockets> sockets) override;

 private:
  gofers::Context& context_;
  TicketIssuer& issuer_;
};

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_ATTACH_OPERATIONS_H_
