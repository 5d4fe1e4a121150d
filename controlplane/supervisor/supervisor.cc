#include "controlplane/supervisor/supervisor.h"

#include <atomic>
#include <utility>

#include "controlplane/gofers/gofer_lifecycle.h"
#include "controlplane/gofers/host.h"
#include "controlplane/gofers/memory_watch.h"
#include "controlplane/gofers/settings.h"
#include "controlplane/gofers/threads.h"
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
#include "controlplane/translate/uuid.h"
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
      : settings_(config),
        threads_(std::move(loop), kThreads),
        host_(config, std::move(state), threads_.loop()),
        events_(static_cast<size_t>(config.max_kept_events()),
                translate::NewUuid(),
                host_.state.BeginRevisions(absl::ToUnixMicros(absl::Now()))),
        model_(events_),
        tickets_(static_cast<size_t>(config.attach().max_pending_tickets())),
        issuer_(model_, tickets_, settings_),
        connections_(model_, tickets_, threads_, settings_, issuer_),
        attachments_(model_, tickets_, threads_, settings_, issuer_),
        store_(model_, host_),
        rules_(model_, threads_, settings_, store_),
        handlers_(model_, threads_, store_, rules_),
        statistics_(model_, tickets_, settings_, host_),
        memory_(model_, threads_),
        warm_(threads_, settings_, host_),
        lifecycle_(model_, tickets_, threads_, settings_, host_, store_, warm_),
        servers_(model_, tickets_, threads_, settings_, host_,
                 lifecycle_.launcher(), lifecycle_.stopper()),
        sweeper_(model_, threads_, settings_, servers_) {}

  ~Parts() override {
    Shutdown();
    warm_.Stop();
    adopted_watch_.reset();
    threads_.Stop();
    ReleaseGofers();
  }

  absl::Status Begin() {
    FindCgroups();
    if (absl::Status status = memory_.Start(); !status.ok()) return status;
    auto watch = host_.state.WatchAdopted(
        threads_.loop(), [this] { lifecycle_.adopter().AdoptNew(); });
    if (!watch.ok()) return watch.status();
    adopted_watch_ = *std::move(watch);
    host_.logs.ReopenAll();
    lifecycle_.adopter().AdoptAll(kAdoptionPatience);
    // Gofers that live come first.
    warm_.Start();
    SweepLater();
    return absl::OkStatus();
  }

  void Shutdown() override { threads_.BeginShutdown(); }
  void GiveUp() override { host_.links.GiveUp(); }
  Node node() {
    return {settings_.config(), events_,   *this,  servers_,   connections_,
            attachments_,       handlers_, rules_, statistics_};
  }
  void Post(std::function<void()> task) {
    threads_.loop().Post(std::move(task));
  }

 private:
  void FindCgroups() {
    if (!host_.cgroup_parent.empty()) return;
    auto found =
        process::FindCgroupParent(process::CgroupSelf::OfThisProcess());
    if (found.ok()) {
      host_.cgroup_parent = *std::move(found);
      Log().info("gofers have control groups below {}", host_.cgroup_parent);
      return;
    }
    Log().info("gofers have no control groups: {}",
               std::string(found.status().message()));
  }

  // Lets go of what waits for callbacks: those want the lock, so that the
  // vectors go after it.
  void ReleaseGofers() {
    std::vector<std::shared_ptr<link::GoferLink>> links;
    std::vector<std::unique_ptr<event_loop::EventLoop::Watch>> watches;
    const model::ModelLock lock(model_);
    for (const auto& [id, server] : model_.servers(lock)) {
      model::ServerRecord& record = server->record(lock);
      links.push_back(std::move(record.link.current));
      watches.push_back(std::move(record.gofer.watch));
    }
  }

  void SweepLater() {
    threads_.loop().After(kSweepPeriod, [this] {
      const absl::Time now = absl::Now();
      connections_.Sweep(now);
      sweeper_.Sweep(now);
      // Not more than one at a time, however slow the gofers are.
      if (!refreshing_.exchange(true)) {
        threads_.pool().Post({"the holders", 1}, [this] {
          sweeper_.RefreshHolders();
          refreshing_ = false;
        });
      }
      if (!checking_memory_.exchange(true)) {
        threads_.pool().Post({"the memory", 1}, [this] {
          memory_.Check();
          checking_memory_ = false;
        });
      }
      SweepLater();
    });
  }

  const gofers::Settings settings_;
  gofers::Threads threads_;
  gofers::Host host_;
  model::EventLog events_;
  model::Model model_;
  tickets::TicketTable tickets_;
  TicketIssuer issuer_;
  ConnectionOperations connections_;
  AttachOperations attachments_;
  gofers::OverridesStore store_;
  RuleOperations rules_;
  HandlerOperations handlers_;
  StatisticsOperations statistics_;
  gofers::MemoryWatch memory_;
  gofers::WarmGofers warm_;
  gofers::GoferLifecycle lifecycle_;
  ServerOperations servers_;
  ServerSweeper sweeper_;
  std::unique_ptr<state::StateDirectory::AdoptedWatch> adopted_watch_;
  std::atomic<bool> refreshing_ = false;
  std::atomic<bool> checking_memory_ = false;
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
