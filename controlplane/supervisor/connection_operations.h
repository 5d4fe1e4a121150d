// ConnectionOperations: connections made, attached and stopped.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_CONNECTION_OPERATIONS_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_CONNECTION_OPERATIONS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "controlplane/gofers/context.h"
#include "controlplane/supervisor/supervisor.h"

namespace goferd::supervisor {

namespace admin = goferd::admin::v1;

// The connection methods of Supervisor; see there. Thread-safe; blocks on
// gofers.
class ConnectionOperations {
 public:
  explicit ConnectionOperations(gofers::Context& context) : context_(context) {}

  absl::StatusOr<std::vector<StartedConnection>> Start(
      const std::vector<ConnectionSpec>& specs, Effect effect);
  absl::StatusOr<StartedConnection> RenewTicket(absl::string_view server_id,
                                                absl::string_view connection_id,
                                                absl::string_view uid);
  absl::StatusOr<admin::Connection> Get(absl::string_view server_id,
                                        absl::string_view connection_id) const;
  absl::StatusOr<int64_t> Visit(
      absl::string_view server_id, absl::string_view after,
      absl::FunctionRef<bool(const admin::Connection&)> visit) const;
  absl::StatusOr<admin::Connection> Stop(
      absl::string_view server_id, absl::string_view connection_id,
      const admin::StopConnectionRequest& request);
  absl::StatusOr<model::ConnectionCounts> Count(
      absl::string_view server_id) const;

  absl::Status CheckTickets(const std::vector<std::string>& tickets,
                            const gofer::uds::PeerCredentials& peer,
                            admin::AttachMode mode) const;
  absl::StatusOr<std::vector<tickets::AttachClaim>> ClaimTickets(
      const std::vector<std::string>& tickets,
      const gofer::uds::PeerCredentials& peer, admin::AttachMode mode);
  absl::Status Attach(const tickets::AttachClaim& claim,
                      gofer::base::UniqueFd gofer_end,
                      const gofer::uds::PeerCredentials& peer);
  void Abandon(const tickets::AttachClaim& claim, absl::string_view why);

  // Opens the paths again that an earlier run of goferd left; removes those
  // that nobody waits at any more once all its gofers are adopted.
  void RestoreSockets();

  // Ends those whose tickets have run out, and forgets those that ended long
  // ago. On the event loop's thread.
  void Sweep(absl::Time now);

 private:
  struct Making {
    model::Model::ServerPtr server;
    std::shared_ptr<link::GoferLink> link;
    std::string id;
    std::string uid;
    admin::AttachMode attach_mode;
    admin::AttachTicket ticket;
    worker::v1::ToGofer request;
  };

  // What `specs` need of goferd itself.
  absl::Status CheckModes(const std::vector<ConnectionSpec>& specs) const;
  absl::Status CheckSpec(const ConnectionSpec& spec,
                         const model::ServerRecord* server,
                         int64_t others) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);
  absl::Status CheckAll(const std::vector<ConnectionSpec>& specs) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);
  absl::StatusOr<Making> Prepare(const ConnectionSpec& spec)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);
  absl::Status OpenSockets(std::vector<Making>& making);
  // Puts a path in the place of a ticket for LISTEN.
  absl::Status OpenSocket(admin::AttachTicket& ticket);
  absl::Status AskGofers(std::vector<Making>& making);
  void TakeBack(const std::vector<Making>& making)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);
  absl::StatusOr<std::vector<StartedConnection>> Finish(
      const std::vector<Making>& making);
  absl::StatusOr<admin::AttachTicket> Issue(const model::ServerRecord& server,
                                            const admin::Connection& connection,
                                            absl::Duration ttl);
  // So that the next goferd knows the new ticket, and the old one no more.
  static void KeepRenewed(const std::shared_ptr<link::GoferLink>& link,
                          worker::v1::ToGofer ask);
  // Asks a gofer to end connections, without waiting for it.
  void StopLater(std::shared_ptr<link::GoferLink> link,
                 std::vector<std::string> uids, worker::v1::EndReason reason);

  gofers::Context& context_;
};

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_CONNECTION_OPERATIONS_H_
