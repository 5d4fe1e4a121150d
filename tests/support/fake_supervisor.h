// FakeSupervisor: servers, connections and rules in maps, without processes.

#ifndef GOFERD_TESTS_SUPPORT_FAKE_SUPERVISOR_H_
#define GOFERD_TESTS_SUPPORT_FAKE_SUPERVISOR_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/supervisor/supervisor.h"
#include "server/base/mutex.h"

namespace goferd::testing {

// Behaves as a Supervisor whose gofers do all that they are told, at once.
// Thread-safe. Resources get the uids "uid-1", "uid-2"... and etags that change
// with every change. Every change is published.
class FakeSupervisor : public supervisor::Supervisor {
 public:
  explicit FakeSupervisor(config::v1::DaemonConfig config = {},
                          size_t kept_events = 1024);

  // FOR TESTS

  // The next call that changes something fails with `status`, once.
  void FailNext(absl::Status status);
  // From now on `server` (a resource name) does not answer; lists name it.
  void SetUnreachable(absl::string_view server);
  void SetConnectionState(absl::string_view server_id,
                          absl::string_view connection_id,
                          admin::v1::Connection::State state);
  void SetInflight(std::vector<admin::v1::InflightRpc> rpcs);
  // How many calls with Effect::kReal changed something.
  int changes() const;
  bool is_shut_down() const;

  // SUPERVISOR

  void Shutdown() override;
  void GiveUp() override {}
  model::EventLog& events() override { return events_; }
  const config::v1::DaemonConfig& config() const override { return config_; }
  std::string attach_socket_path() const override {
    return "/run/test/attach.sock";
  }
  absl::StatusOr<admin::v1::Server> CreateServer(
      absl::string_view id, const admin::v1::Server& spec,
      supervisor::Effect effect) override;
  absl::StatusOr<admin::v1::Server> GetServer(
      absl::string_view id) const override;
  int64_t VisitServers(
      absl::string_view after,
      absl::FunctionRef<bool(const admin::v1::Server&)> visit) const override;
  absl::StatusOr<admin::v1::Server> UpdateServer(
      absl::string_view id, absl::string_view etag, supervisor::Effect effect,
      absl::FunctionRef<absl::Status(admin::v1::Server&)> change) override;
  absl::Status DeleteServer(absl::string_view id, absl::string_view etag,
                            Force force, supervisor::Effect effect) override;
  absl::StatusOr<admin::v1::Server> SetDraining(
      absl::string_view id, absl::string_view etag, bool draining,
      supervisor::Effect effect) override;
  absl::StatusOr<std::vector<supervisor::StartedConnection>> StartConnections(
      const std::vector<supervisor::ConnectionSpec>& specs,
      supervisor::Effect effect) override;
  absl::StatusOr<supervisor::StartedConnection> RenewTicket(
      absl::string_view server_id, absl::string_view connection_id,
      absl::string_view uid) override;
  absl::StatusOr<admin::v1::Connection> GetConnection(
      absl::string_view server_id,
      absl::string_view connection_id) const override;
  absl::StatusOr<int64_t> VisitConnections(
      absl::string_view server_id, absl::string_view after,
      absl::FunctionRef<bool(const admin::v1::Connection&)> visit)
      const override;
  absl::StatusOr<admin::v1::Connection> StopConnection(
      absl::string_view server_id, absl::string_view connection_id,
      const admin::v1::StopConnectionRequest& request) override;
  absl::StatusOr<model::ConnectionCounts> CountConnections(
      absl::string_view server_id) const override;
  absl::Status CheckTickets(const std::vector<std::string>& tickets,
                            const gofer::uds::PeerCredentials& peer,
                            admin::v1::AttachMode mode) override;
  // Tickets are the uids of their connections.
  absl::StatusOr<std::vector<tickets::AttachClaim>> ClaimTickets(
      const std::vector<std::string>& tickets,
      const gofer::uds::PeerCredentials& peer,
      admin::v1::AttachMode mode) override;
  absl::Status Attach(const tickets::AttachClaim& claim,
                      gofer::base::UniqueFd gofer_end,
                      const gofer::uds::PeerCredentials& peer) override;
  // None of its connections has a path.
  void SetConnectionSockets(
      std::shared_ptr<tickets::ConnectionSockets>) override {}
  void Abandon(const tickets::AttachClaim& claim,
               absl::string_view why) override;
  absl::StatusOr<std::vector<admin::v1::Handler>> ListHandlers(
      absl::string_view server_id) override;
  absl::StatusOr<std::vector<admin::v1::Handler>> SetHandlers(
      absl::string_view server_id, absl::string_view etag,
      const std::vector<admin::v1::HandlerAssignment>& assignments,
      supervisor::Effect effect) override;
  absl::StatusOr<admin::v1::ResetHandlersResponse> ResetHandlers(
      absl::string_view server_id, absl::string_view etag,
      admin::v1::ResetHandlersRequest::Scope scope,
      supervisor::Effect effect) override;
  absl::StatusOr<std::vector<admin::v1::HandlerRule>> UpsertRules(
      absl::string_view server_id,
      const std::vector<supervisor::RuleSpec>& rules, Existing existing,
      supervisor::Effect effect) override;
  absl::StatusOr<admin::v1::HandlerRule> GetRule(
      absl::string_view server_id, absl::string_view rule_id) override;
  absl::StatusOr<RuleList> ListRules(absl::string_view server_id) override;
  absl::Status DeleteRule(absl::string_view server_id,
                          absl::string_view rule_id, absl::string_view etag,
                          supervisor::Effect effect) override;
  absl::StatusOr<StatsList> GetStats(absl::string_view server_id,
                                     absl::string_view connection_id) override;
  absl::StatusOr<InflightList> ListInflight(absl::string_view server_id,
                                            absl::string_view connection_id,
                                            absl::Duration min_age) override;
  absl::StatusOr<admin::v1::LogLevel> SetGoferLogLevel(
      absl::string_view server_id, admin::v1::LogLevel level,
      supervisor::Effect effect) override;
  Totals GetTotals() const override;
  void Post(std::function<void()> task) override { task(); }

 private:
  struct ServerState {
    admin::v1::Server server;
    std::map<std::string, admin::v1::Handler> handlers;
    admin::v1::LogLevel log_level = admin::v1::LOG_LEVEL_WARNING;
  };

  absl::Status StartChange() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status CheckServer(absl::string_view id, absl::string_view etag) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  std::string NextUid() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  template <typename Resource>
  void Touch(Resource& resource) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Publish(admin::v1::Event::Type type, const admin::v1::Server& server);
  void Publish(admin::v1::Event::Type type,
               const admin::v1::Connection& connection);
  void Publish(admin::v1::Event::Type type, const admin::v1::HandlerRule& rule);
  int64_t CountActive(absl::string_view server_id) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const config::v1::DaemonConfig config_;
  model::EventLog events_;
  mutable gofer::base::Mutex mu_;
  // By id.
  std::map<std::string, ServerState> servers_ ABSL_GUARDED_BY(mu_);
  // By resource name.
  std::map<std::string, admin::v1::Connection> connections_
      ABSL_GUARDED_BY(mu_);
  std::map<std::string, admin::v1::HandlerRule> rules_ ABSL_GUARDED_BY(mu_);
  std::vector<admin::v1::InflightRpc> inflight_ ABSL_GUARDED_BY(mu_);
  std::vector<std::string> unreachable_ ABSL_GUARDED_BY(mu_);
  std::optional<absl::Status> next_failure_ ABSL_GUARDED_BY(mu_);
  int changes_ ABSL_GUARDED_BY(mu_) = 0;
  int last_uid_ ABSL_GUARDED_BY(mu_) = 0;
  int last_etag_ ABSL_GUARDED_BY(mu_) = 0;
  bool shut_down_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace goferd::testing

#endif  // GOFERD_TESTS_SUPPORT_FAKE_SUPERVISOR_H_
