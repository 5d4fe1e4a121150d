#include "controlplane/supervisor/supervisor.h"

#include <atomic>
#include <utility>

#include "controlplane/gofers/context.h"
#include "controlplane/gofers/lifecycle.h"
#include "controlplane/gofers/memory_watch.h"
#include "controlplane/gofers/warm_gofers.h"
#include "controlplane/process/cgroup_parent.h"
#include "controlplane/supervisor/attach_operations.h"
#include "controlplane/supervisor/connection_operations.h"
#include "controlplane/supervisor/handler_operations.h"
#include "controlplane/supervisor/rule_operations.h"
#include "controlplane/supervisor/server_operations.h"
#include "controlplane/supervisor/server_sweeper.h"
#include "controlplane/supervisor/statistics_operations.h"
#include "controlplane/supervisor/stopper.h"
#include "controlplane/supervisor/ticket_issuer.h"
#include "server/base/log.h"

namespace goferd::supervisor {
namespace {

using gofer::base::Log;

constexpr size_t kThreads = 8;
constexpr absl::Duration kSweepPeriod = absl::Seconds(1);
// Callers of a new goferd do not wait longer for gofers that do not answer.
constexpr absl::Duration kAdoptionPatience = absl::Milliseconds(800);

}  // namespace

class Supervisor::Parts final : public Stopper {
 public:
  Parts(const config::v1::DaemonConfig& config, state::StateDirectory state,
        std::unique_ptr<event_loop::EventLoop> loop)
      : context_(config, std::move(state), std::move(loop), kThreads),
        issuer_(context_),
        connections_(context_, issuer_),
        attachments_(context_, issuer_),
        store_(context_),
        rules_(context_, store_),
        handlers_(context_, store_, rules_),
        statistics_(context_),
        memory_(context_),
        warm_(context_),
        lifecycle_(context_, store_, warm_),
        servers_(context_, lifecycle_),
        sweeper_(context_, servers_) {}

  ~Parts() override {
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
  Node node() {
    return {context_.config, context_.events, *this,  servers_,   connections_,
            attachments_,    handlers_,       rules_, statistics_};
  }
  void Post(std::function<void()> task) {
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
      sweeper_.Sweep(now);
      // Not more than one at a time, however slow the gofers are.
      if (!refreshing_.exchange(true)) {
        context_.pool.Post([this] {
          memory_.Check();
          sweeper_.RefreshHolders();
          refreshing_ = false;
        });
      }
      SweepLater();
    });
  }

  gofers::Context context_;
  TicketIssuer issuer_;
  ConnectionOperations connections_;
  AttachOperations attachments_;
  gofers::OverridesStore store_;
  RuleOperations rules_;
  HandlerOperations handlers_;
  StatisticsOperations statistics_;
  gofers::MemoryWatch memory_;
  gofers::WarmGofers warm_;
  gofers::Lifecycle lifecycle_;
  ServerOperations servers_;
  ServerSweeper sweeper_;
  std::unique_ptr<state::StateDirectory::AdoptedWatch> adopted_watch_;
  std::atomic<bool> refreshing_ = false;
};

Supervisor::Supervisor(std::unique_ptr<Parts> parts)
    : parts_(std::move(parts)), node_(parts_->node()) {}

Supervisor::~Supervisor() = default;

void Supervisor::Post(std::function<void()> task) {
  parts_->Post(std::move(task));
}

absl::StatusOr<std::unique_ptr<Supervisor>> Supervisor::Start(
    const config::v1::DaemonConfig& config) {
  auto state = state::StateDirectory::Open(config.state_directory());
  if (!state.ok()) return state.status();
  auto loop = event_loop::EventLoop::Start();
  if (!loop.ok()) return loop.status();
  auto parts =
      std::make_unique<Parts>(config, *std::move(state), *std::move(loop));
  if (absl::Status begun = parts->Begin(); !begun.ok()) return begun;
  return std::unique_ptr<Supervisor>(new Supervisor(std::move(parts)));
}

}  // namespace goferd::supervisor
