#include "controlplane/supervisor/supervisor.h"

#include <utility>

#include "controlplane/gofers/context.h"
#include "controlplane/gofers/lifecycle.h"
#include "controlplane/gofers/memory_watch.h"
#include "controlplane/gofers/warm_gofers.h"
#include "controlplane/process/cgroup_parent.h"
#include "controlplane/supervisor/connection_operations.h"
#include "controlplane/supervisor/handler_operations.h"
#include "controlplane/supervisor/rule_operations.h"
#include "controlplane/supervisor/server_operations.h"
#include "controlplane/supervisor/statistics.h"
#include "server/base/log.h"

namespace goferd::supervisor {
namespace {

using gofer::base::Log;

constexpr size_t kThreads = 8;
constexpr absl::Duration kSweepPeriod = absl::Seconds(1);
// Callers of a new goferd do not wait longer for gofers that do not answer.
constexpr absl::Duration kAdoptionPatience = absl::Milliseconds(800);

class NodeSupervisor final : public Supervisor {
 public:
  NodeSupervisor(const config::v1::DaemonConfig& config,
                 state::StateDirectory state,
                 std::unique_ptr<event_loop::EventLoop> loop)
      : context_(config, std::move(state), std::move(loop), kThreads),
        connections_(context_),
        store_(context_),
        rules_(context_, store_),
        handlers_(context_, store_, rules_),
        statistics_(context_),
        memory_(context_),
        warm_(context_),
        lifecycle_(context_, store_, warm_),
        servers_(context_, lifecycle_) {}

  ~NodeSupervisor() override {
    Shutdown();
    warm_.Stop();
    adopted_watch_.reset();
    context_.adopters.Stop();
    context_.pool.Stop();
    context_.loop->Stop();
    LetGo();
  }

  absl::Status Begin() {
    FindCgroups();
    if (absl::Status status = memory_.Start(); !status.ok()) return status;
    auto watch = context_.state.WatchAdopted(*context_.loop,
                                             [this] { lifecycle_.AdoptNew(); });
    if (!watch.ok()) return watch.status();
    adopted_watch_ = *std::move(watch);
    context_.logs.ReopenAll();
    lifecycle_.AdoptAll(kAdoptionPatience);
    // What lives comes first.
    warm_.Start();
    SweepLater();
    return absl::OkStatus();
  }

  void Shutdown() override { context_.stopping = true; }
  void GiveUp() override { context_.links.GiveUp(); }
  model::EventLog& events() override { return context_.events; }
  const config::v1::DaemonConfig& config() const override {
    return context_.config;
  }
  std::string attach_socket_path() const override {
    return context_.config.attach().path();
  }

  absl::StatusOr<admin::Server> CreateServer(absl::string_view id,
                                             const admin::Server& spec,
                                             Effect effect) override {
    return servers_.Create(id, spec, effect);
  }
  absl::StatusOr<admin::Server> GetServer(absl::string_view id) const override {
    return servers_.Get(id);
  }
  int64_t VisitServers(
      absl::string_view after,
      absl::FunctionRef<bool(const admin::Server&)> visit) const override {
    return servers_.Visit(after, visit);
  }
  absl::StatusOr<admin::Server> UpdateServer(
      absl::string_view id, absl::string_view etag, Effect effect,
      absl::FunctionRef<absl::Status(admin::Server&)> change) override {
    return servers_.Update(id, etag, effect, change);
  }
  absl::Status DeleteServer(absl::string_view id, absl::string_view etag,
                            Force force, Effect effect) override {
    return servers_.Delete(id, etag, force, effect);
  }
  absl::StatusOr<admin::Server> SetDraining(absl::string_view id,
                                            absl::string_view etag,
                                            bool draining,
                                            Effect effect) override {
    return servers_.SetDraining(id, etag, draining, effect);
  }

  absl::StatusOr<std::vector<StartedConnection>> StartConnections(
      const std::vector<ConnectionSpec>& specs, Effect effect) override {
    return connections_.Start(specs, effect);
  }
  absl::StatusOr<StartedConnection> RenewTicket(
      absl::string_view server_id, absl::string_view connection_id,
      absl::string_view uid) override {
    return connections_.RenewTicket(server_id, connection_id, uid);
  }
  absl::StatusOr<admin::Connection> GetConnection(
      absl::string_view server_id,
      absl::string_view connection_id) const override {
    return connections_.Get(server_id, connection_id);
  }
  absl::StatusOr<int64_t> VisitConnections(
      absl::string_view server_id, absl::string_view after,
      absl::FunctionRef<bool(const admin::Connection&)> visit) const override {
    return connections_.Visit(server_id, after, visit);
  }
  absl::StatusOr<admin::Connection> StopConnection(
      absl::string_view server_id, absl::string_view connection_id,
      const admin::StopConnectionRequest& request) override {
    return connections_.Stop(server_id, connection_id, request);
  }
  absl::StatusOr<model::ConnectionCounts> CountConnections(
      absl::string_view server_id) const override {
    return connections_.Count(server_id);
  }
  absl::Status CheckTickets(const std::vector<std::string>& tickets,
                            const gofer::uds::PeerCredentials& peer,
                            admin::AttachMode mode) override {
    return connections_.CheckTickets(tickets, peer, mode);
  }
  absl::StatusOr<std::vector<tickets::AttachClaim>> ClaimTickets(
      const std::vector<std::string>& tickets,
      const gofer::uds::PeerCredentials& peer,
      admin::AttachMode mode) override {
    return connections_.ClaimTickets(tickets, peer, mode);
  }
  absl::Status Attach(const tickets::AttachClaim& claim,
                      gofer::base::UniqueFd gofer_end,
                      const gofer::uds::PeerCredentials& peer) override {
    return connections_.Attach(claim, std::move(gofer_end), peer);
  }
  void SetConnectionSockets(
      std::shared_ptr<tickets::ConnectionSockets> sockets) override {
    context_.SetSockets(std::move(sockets));
    connections_.RestoreSockets();
  }
  void Abandon(const tickets::AttachClaim& claim,
               absl::string_view why) override {
    connections_.Abandon(claim, why);
  }

  absl::StatusOr<std::vector<admin::Handler>> ListHandlers(
      absl::string_view server_id) override {
    return handlers_.List(server_id);
  }
  absl::StatusOr<std::vector<admin::Handler>> SetHandlers(
      absl::string_view server_id, absl::string_view etag,
      const std::vector<admin::HandlerAssignment>& assignments,
      Effect effect) override {
    return handlers_.Set(server_id, etag, assignments, effect);
  }
  absl::StatusOr<admin::ResetHandlersResponse> ResetHandlers(
      absl::string_view server_id, absl::string_view etag,
      admin::ResetHandlersRequest::Scope scope, Effect effect) override {
    return handlers_.Reset(server_id, etag, scope, effect);
  }
  absl::StatusOr<std::vector<admin::HandlerRule>> UpsertRules(
      absl::string_view server_id, const std::vector<RuleSpec>& rules,
      Existing existing, Effect effect) override {
    return rules_.Upsert(server_id, rules, existing, effect);
  }
  absl::StatusOr<admin::HandlerRule> GetRule(
      absl::string_view server_id, absl::string_view rule_id) override {
    return rules_.Get(server_id, rule_id);
  }
  absl::StatusOr<RuleList> ListRules(absl::string_view server_id) override {
    return rules_.List(server_id);
  }
  absl::Status DeleteRule(absl::string_view server_id,
                          absl::string_view rule_id, absl::string_view etag,
                          Effect effect) override {
    return rules_.Delete(server_id, rule_id, etag, effect);
  }

  absl::StatusOr<StatsList> GetStats(absl::string_view server_id,
                                     absl::string_view connection_id) override {
    return statistics_.Get(server_id, connection_id);
  }
  absl::StatusOr<InflightList> ListInflight(absl::string_view server_id,
                                            absl::string_view connection_id,
                                            absl::Duration min_age) override {
    return statistics_.ListInflight(server_id, connection_id, min_age);
  }
  absl::StatusOr<admin::LogLevel> SetGoferLogLevel(absl::string_view server_id,
                                                   admin::LogLevel level,
                                                   Effect effect) override {
    return statistics_.SetLogLevel(server_id, level, effect);
  }
  Totals GetTotals() const override { return statistics_.GetTotals(); }
  void Post(std::function<void()> task) override {
    context_.loop->Post(std::move(task));
  }

 private:
  void FindCgroups() {
    if (!context_.cgroup_parent.empty()) return;
    auto found =
        process::FindCgroupParent(process::CgroupSelf::OfThisProcess());
    if (found.ok()) {
      context_.cgroup_parent = *std::move(found);
      Log().info("gofers have control groups below {}", context_.cgroup_parent);
      return;
    }
    Log().info("gofers have no control groups: {}",
               std::string(found.status().message()));
  }

  // Of the gofers, without the lock.
  void LetGo() {
    std::vector<std::shared_ptr<link::GoferLink>> links;
    std::vector<std::unique_ptr<event_loop::EventLoop::Watch>> watches;
    gofer::base::MutexLock lock(context_.model.mu);
    for (const auto& [id, server] : context_.model.servers()) {
      links.push_back(std::move(server->link));
      watches.push_back(std::move(server->watch));
    }
  }

  void SweepLater() {
    context_.loop->After(kSweepPeriod, [this] {
      const absl::Time now = absl::Now();
      connections_.Sweep(now);
      servers_.Sweep(now);
      // Not more than one at a time, however slow the gofers are.
      if (!refreshing_.exchange(true)) {
        context_.pool.Post([this] {
          memory_.Check();
          servers_.RefreshHolders();
          refreshing_ = false;
        });
      }
      SweepLater();
    });
  }

  gofers::Context context_;
  ConnectionOperations connections_;
  gofers::OverridesStore store_;
  RuleOperations rules_;
  HandlerOperations handlers_;
  Statistics statistics_;
  gofers::MemoryWatch memory_;
  gofers::WarmGofers warm_;
  gofers::Lifecycle lifecycle_;
  ServerOperations servers_;
  std::unique_ptr<state::StateDirectory::AdoptedWatch> adopted_watch_;
  std::atomic<bool> refreshing_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Supervisor>> Supervisor::Start(
    const config::v1::DaemonConfig& config) {
  auto state = state::StateDirectory::Open(config.state_directory());
  if (!state.ok()) return state.status();
  auto loop = event_loop::EventLoop::Start();
  if (!loop.ok()) return loop.status();
  auto supervisor = std::make_unique<NodeSupervisor>(config, *std::move(state),
                                                     *std::move(loop));
  if (absl::Status begun = supervisor->Begin(); !begun.ok()) return begun;
  return supervisor;
}

}  // namespace goferd::supervisor
