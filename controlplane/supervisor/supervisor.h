// Supervisor: the servers of this node, their connections and rules, and the
// gofer processes behind them.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_SUPERVISOR_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_SUPERVISOR_H_

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "controlplane/model/connection_counts.h"
#include "controlplane/model/event_log.h"
#include "controlplane/tickets/attach_claim.h"
#include "controlplane/tickets/connection_socket.h"
#include "goferd/admin/v1/connection.pb.h"
#include "goferd/admin/v1/connection_service.pb.h"
#include "goferd/admin/v1/daemon_service.pb.h"
#include "goferd/admin/v1/handler.pb.h"
#include "goferd/admin/v1/handler_rule.pb.h"
#include "goferd/admin/v1/handler_service.pb.h"
#include "goferd/admin/v1/server.pb.h"
#include "goferd/admin/v1/stats.pb.h"
#include "goferd/config/v1/config.pb.h"
#include "server/base/unique_fd.h"
#include "server/uds/peer_credentials.h"

namespace goferd::supervisor {

namespace admin = goferd::admin::v1;

// Whether a mutation is carried out, or only checked.
enum class Effect { kReal, kValidateOnly };

// What StartConnections is asked for. Checked by the caller but for what only
// the server knows.
struct ConnectionSpec {
  std::string server_id;
  std::string connection_id;
  // Absolute and lexically clean.
  std::string mount_path;
  // Unset fields are the server's defaults.
  admin::ConnectionOptions options;
  admin::AttachMode attach_mode = admin::ATTACH_MODE_TAKE;
  std::optional<admin::Peer> expected_peer;
  // Zero: the daemon's default.
  absl::Duration ticket_ttl;
  std::vector<std::pair<std::string, std::string>> labels;
};

struct StartedConnection {
  admin::Connection connection;
  std::optional<admin::AttachTicket> ticket;
};

// One rule of UpsertRules; its name and uid are ignored.
struct RuleSpec {
  std::string rule_id;
  admin::HandlerRule rule;
  // Empty: any.
  std::string etag;
};

// The model of everything that runs on this node. It blocks: methods that ask a
// gofer wait for it, at most for the control timeout. All public methods are
// thread-safe. What goes wrong is a status of errors::Error. Resources are
// admin messages, with names, as callers get them.
//
// The gofers are processes of their own: they go on when the Supervisor is
// destroyed or dies, and the next one, on the same state directory, knows them
// again. No request is checked here that can be checked without knowing the
// servers: that is the service's (see controlplane/service).
class Supervisor {
 public:
  // Takes the state directory of `config` (complete: every default filled in)
  // for itself, finds the gofers that live there and adopts them. Errors:
  // FAILED_PRECONDITION when another goferd has the directory, those of the
  // host otherwise; a gofer that cannot be adopted is a server UNREACHABLE.
  static absl::StatusOr<std::unique_ptr<Supervisor>> Start(
      const config::v1::DaemonConfig& config);
  virtual ~Supervisor() = default;

  // Ends the waits of all callers: they fail with SHUTTING_DOWN, as does every
  // call from now on that changes something.
  virtual void Shutdown() = 0;
  // What is asked of gofers by then fails, so that the callers come back at
  // once. After Shutdown.
  virtual void GiveUp() = 0;

  // What happened, in order; published before the call returns that caused it.
  virtual model::EventLog& events() = 0;
  virtual const config::v1::DaemonConfig& config() const = 0;
  virtual std::string attach_socket_path() const = 0;

  // SERVERS

  // `spec` has its fields checked, and defaults and ttl are still to be filled
  // in. Resolves the root under the allowed roots, starts the gofer and waits
  // until it serves. Errors: those of ServerService.CreateServer.
  virtual absl::StatusOr<admin::Server> CreateServer(absl::string_view id,
                                                     const admin::Server& spec,
                                                     Effect effect) = 0;
  virtual absl::StatusOr<admin::Server> GetServer(
      absl::string_view id) const = 0;
  // Calls `visit` with each server whose id is behind `after`, in order, until
  // it returns false. It must not call this object. Returns the revision that
  // belongs to this moment.
  virtual int64_t VisitServers(
      absl::string_view after,
      absl::FunctionRef<bool(const admin::Server&)> visit) const = 0;
  // `change` turns the present resource into the wanted one: labels, limits,
  // default options, expiration; it must not call this object.
  virtual absl::StatusOr<admin::Server> UpdateServer(
      absl::string_view id, absl::string_view etag, Effect effect,
      absl::FunctionRef<absl::Status(admin::Server&)> change) = 0;
  enum class Force { kNo, kYes };
  virtual absl::Status DeleteServer(absl::string_view id,
                                    absl::string_view etag, Force force,
                                    Effect effect) = 0;
  virtual absl::StatusOr<admin::Server> SetDraining(absl::string_view id,
                                                    absl::string_view etag,
                                                    bool draining,
                                                    Effect effect) = 0;

  // CONNECTIONS

  // All or none, in the order of `specs`. The tickets can be used together.
  virtual absl::StatusOr<std::vector<StartedConnection>> StartConnections(
      const std::vector<ConnectionSpec>& specs, Effect effect) = 0;
  // For a repeated StartConnection: the connection with that uid as it is now,
  // with a ticket in place of the former while it is PENDING_ATTACH.
  virtual absl::StatusOr<StartedConnection> RenewTicket(
      absl::string_view server_id, absl::string_view connection_id,
      absl::string_view uid) = 0;
  virtual absl::StatusOr<admin::Connection> GetConnection(
      absl::string_view server_id, absl::string_view connection_id) const = 0;
  // As VisitServers; `server_id` may be "-", `after` is a connection's name.
  // Errors: SERVER_NOT_FOUND.
  virtual absl::StatusOr<int64_t> VisitConnections(
      absl::string_view server_id, absl::string_view after,
      absl::FunctionRef<bool(const admin::Connection&)> visit) const = 0;
  // `request` has its fields checked; etag and acknowledgement are not yet.
  virtual absl::StatusOr<admin::Connection> StopConnection(
      absl::string_view server_id, absl::string_view connection_id,
      const admin::StopConnectionRequest& request) = 0;
  // `server_id` may be "-". Constant time. Errors: SERVER_NOT_FOUND.
  virtual absl::StatusOr<model::ConnectionCounts> CountConnections(
      absl::string_view server_id) const = 0;

  // ATTACH

  // Whether ClaimTickets would succeed now. Uses nothing up.
  virtual absl::Status CheckTickets(const std::vector<std::string>& tickets,
                                    const gofer::uds::PeerCredentials& peer,
                                    admin::AttachMode mode) = 0;
  // Consumes the tickets, all or none, if they are all good for `peer` and
  // `mode`. Asks no gofer. Errors: TICKET_INVALID, PEER_MISMATCH.
  virtual absl::StatusOr<std::vector<tickets::AttachClaim>> ClaimTickets(
      const std::vector<std::string>& tickets,
      const gofer::uds::PeerCredentials& peer, admin::AttachMode mode) = 0;
  // Gives the gofer its end of the client's socket. A failure ends the
  // connection.
  virtual absl::Status Attach(const tickets::AttachClaim& claim,
                              gofer::base::UniqueFd gofer_end,
                              const gofer::uds::PeerCredentials& peer) = 0;
  // Where connections of ATTACH_MODE_LISTEN get their paths from now on; the
  // paths of those that are pending from an earlier run are open again when
  // this returns. Null ends it: such connections are refused with
  // SHUTTING_DOWN.
  virtual void SetConnectionSockets(
      std::shared_ptr<tickets::ConnectionSockets> sockets) = 0;

  // Ends the connection of a claim that will not be attached; without it, it
  // would stay pending for ever. Does nothing when it has ended. Does not wait
  // for the gofer.
  virtual void Abandon(const tickets::AttachClaim& claim,
                       absl::string_view why) = 0;

  // HANDLERS

  virtual absl::StatusOr<std::vector<admin::Handler>> ListHandlers(
      absl::string_view server_id) = 0;
  virtual absl::StatusOr<std::vector<admin::Handler>> SetHandlers(
      absl::string_view server_id, absl::string_view etag,
      const std::vector<admin::HandlerAssignment>& assignments,
      Effect effect) = 0;
  virtual absl::StatusOr<admin::ResetHandlersResponse> ResetHandlers(
      absl::string_view server_id, absl::string_view etag,
      admin::ResetHandlersRequest::Scope scope, Effect effect) = 0;

  enum class Existing { kReplace, kRefuse };
  // Makes or replaces rules at one moment, all or none.
  virtual absl::StatusOr<std::vector<admin::HandlerRule>> UpsertRules(
      absl::string_view server_id, const std::vector<RuleSpec>& rules,
      Existing existing, Effect effect) = 0;
  virtual absl::StatusOr<admin::HandlerRule> GetRule(
      absl::string_view server_id, absl::string_view rule_id) = 0;
  struct RuleList {
    // In the order of evaluation, by server.
    std::vector<admin::HandlerRule> rules;
    int64_t revision = 0;
    // Names of servers whose counters are as last known.
    std::vector<std::string> unreachable;
  };
  // `server_id` may be "-".
  virtual absl::StatusOr<RuleList> ListRules(absl::string_view server_id) = 0;
  virtual absl::Status DeleteRule(absl::string_view server_id,
                                  absl::string_view rule_id,
                                  absl::string_view etag, Effect effect) = 0;

  // STATISTICS

  struct StatsList {
    // In the order of names.
    std::vector<admin::Stats> stats;
    std::vector<std::string> unreachable;
  };
  // Of a server (`connection_id` empty) or of a connection; either id may be
  // "-" for all. Errors when one that is named is missing or does not answer.
  virtual absl::StatusOr<StatsList> GetStats(
      absl::string_view server_id, absl::string_view connection_id) = 0;
  struct InflightList {
    // The oldest first.
    std::vector<admin::InflightRpc> rpcs;
    std::vector<std::string> unreachable;
  };
  virtual absl::StatusOr<InflightList> ListInflight(
      absl::string_view server_id, absl::string_view connection_id,
      absl::Duration min_age) = 0;
  // `server_id` may be "-": all, those started later too. Returns the former.
  virtual absl::StatusOr<admin::LogLevel> SetGoferLogLevel(
      absl::string_view server_id, admin::LogLevel level, Effect effect) = 0;

  // For metrics.
  struct Totals {
    std::array<int64_t, admin::Server::State_ARRAYSIZE> servers_by_state{};
    model::ConnectionCounts connections;
    int64_t pending_tickets = 0;
    int64_t rules = 0;
    int64_t gofer_restarts = 0;
    int64_t gofer_crashes = 0;
  };
  virtual Totals GetTotals() const = 0;

  // Calls `task` soon, on the thread that looks after gofers: for whoever wants
  // to know that it turns.
  virtual void Post(std::function<void()> task) = 0;
};

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_SUPERVISOR_H_
