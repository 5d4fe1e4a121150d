// AttachOperations: brings clients and gofers together.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_ATTACH_OPERATIONS_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_ATTACH_OPERATIONS_H_

#include <memory>
#include <string>
#include <vector>

#include "controlplane/gofers/settings.h"
#include "controlplane/gofers/threads.h"
#include "controlplane/link/gofer_link.h"
#include "controlplane/model/model.h"
#include "controlplane/supervisor/attachments.h"
#include "controlplane/supervisor/ticket_issuer.h"
#include "controlplane/tickets/ticket_table.h"
#include "goferd/worker/v1/frame.pb.h"

namespace goferd::supervisor {

class AttachOperations final : public Attachments {
 public:
  // All outlive it.
  AttachOperations(model::Model& model, tickets::TicketTable& tickets,
                   gofers::Threads& threads, const gofers::Settings& settings,
                   TicketIssuer& issuer)
      : model_(model),
        tickets_(tickets),
        threads_(threads),
        settings_(settings),
        issuer_(issuer) {}

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
  void TakeBack(const tickets::AttachClaim& claim,
                absl::string_view why) override;
  void SetSockets(std::shared_ptr<tickets::ConnectionSockets> sockets) override;

 private:
  // A connection that waits for its client. `connection` is null when there is
  // none, and dangles once the lock is let go that it was found with.
  struct Pending {
    model::ServerPtr server;
    model::ConnectionRecord* connection = nullptr;
  };
  // The parts that attach a connection, once its record says `attaching`.
  struct Attaching {
    model::ServerPtr server;
    std::shared_ptr<link::GoferLink> link;
    worker::v1::ToGofer request;
  };

  Pending FindPending(const model::ModelLock& lock,
                      const tickets::AttachClaim& claim) const;
  // Errors: CONNECTION_NOT_PENDING, GOFER_UNREACHABLE.
  absl::StatusOr<Attaching> BeginAttach(
      const tickets::AttachClaim& claim,
      const gofer::uds::PeerCredentials& peer);
  // Ends a connection, and has its gofer told.
  void End(const model::ModelLock& lock, model::ServerRecord& server,
           model::ConnectionRecord& connection, absl::string_view why);
  // Ends a connection whose gofer did not take the client.
  void GiveUp(const Attaching& attaching, const tickets::AttachClaim& claim,
              const absl::Status& why);

  model::Model& model_;
  tickets::TicketTable& tickets_;
  gofers::Threads& threads_;
  const gofers::Settings& settings_;
  TicketIssuer& issuer_;
};

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_ATTACH_OPERATIONS_H_
