#include "controlplane/gofers/adopter.h"

#include <signal.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"
#include "controlplane/gofers/gofer_stopper.h"
#include "controlplane/gofers/kept_server.h"
#include "controlplane/gofers/restarter.h"
#include "controlplane/gofers/server_failure.h"
#include "controlplane/gofers/waiting_gofer.h"
#include "controlplane/names/resource_name.h"
#include "controlplane/translate/time_conversion.h"
#include "controlplane/translate/uuid.h"
#include "goferd/worker/v1/frame.pb.h"
#include "server/base/log.h"
#include "server/base/mutex.h"

namespace goferd::gofers {
namespace {

using errors::Reason;
using gofer::base::Log;
using gofer::base::MutexLock;
using model::ModelLock;
using Server = admin::Server;

constexpr absl::Duration kFirstAttemptPause = absl::Milliseconds(20);
constexpr absl::Duration kLongestAttemptPause = absl::Seconds(5);
// So often a directory is looked at in which no gofer answers.
constexpr int kMostAttempts = 12;
// Between bind(2) and listen(2) a gofer that starts looks like a dead one.
constexpr int kSurelyDeadAfter = 4;
// Containers that fail one after the other must not take the places of servers.
constexpr size_t kMostFailedStarts = 64;

// Counts tasks down for one thread that waits. The thread that posts them
// counts as the first task.
class Outstanding {
 public:
  void Add() {
    MutexLock lock(mu_);
    ++count_;
  }
  void Remove() {
    MutexLock lock(mu_);
    --count_;
    changed_.NotifyAll();
  }
  // Until none is left, or `patience` is over.
  void Wait(absl::Duration patience) {
    const auto deadline =
        std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(patience);
    MutexLock lock(mu_);
    while (count_ > 0) {
      if (!changed_.WaitUntil(mu_, deadline)) return;
    }
  }

 private:
  gofer::base::Mutex mu_;
  gofer::base::CondVar changed_;
  size_t count_ ABSL_GUARDED_BY(mu_) = 1;
};

// The server of a gofer that lives, before the gofer has said more.
model::ServerRecord MakeRecord(const std::string& id, Server::Origin origin) {
  model::ServerRecord record;
  record.id = id;
  Server& resource = record.resource;
  resource.set_name(names::FormatServerName(id));
  resource.set_uid(translate::NewUuid());
  resource.set_origin(origin);
  resource.set_restart_policy(Server::NEVER);
  resource.set_state(Server::STARTING);
  *resource.mutable_create_time() = translate::ToProto(absl::Now());
  return record;
}

bool IsGone(const absl::Status& status) {
  return errors::ReasonOf(status) == Reason::PATH_NOT_FOUND;
}

}  // namespace

void Adopter::EndAdoption(const std::string& id) {
  const ModelLock lock(model_);
  model_.EndAdoption(lock, id);
}

void Adopter::AdoptAll(absl::Duration patience) {
  auto outstanding = std::make_shared<Outstanding>();
  const auto leave = [this, outstanding] {
    {
      const ModelLock lock(model_);
      model_.CheckWhetherAllAreImported(lock);
    }
    outstanding->Remove();
  };
  const auto post = [&](const std::string& id, std::function<void()> adopt) {
    outstanding->Add();
    threads_.adopters().Post({id}, [leave, adopt = std::move(adopt)] {
      adopt();
      leave();
    });
  };
  // All are claimed before the first is adopted: nobody makes a server of an id
  // whose gofer is still to be found.
  const std::vector<std::string> created = host_.state.ListServers();
  for (const std::string& id : created) ClaimCreated(id);
  for (const std::string& id : created) {
    post(id, [this, id] { AdoptCreated(id); });
  }
  for (const std::string& id : host_.state.ListAdopted()) {
    if (!Claim(id)) {
      Log().error("the gofer adopted/{} is not adopted: there is a server {}",
                  id, names::FormatServerName(id));
      continue;
    }
    post(id, [this, id] { AdoptFound(id, 0); });
  }
  leave();
  outstanding->Wait(patience);
}

void Adopter::ClaimCreated(const std::string& id) {
  auto kept = ReadKeptServer(host_.state, id);
  const auto overrides = ReadKeptOverrides(host_.state, id);
  if (!kept.ok() && !IsGone(kept.status())) {
    kept = MakeDamagedServer(id, kept.status());
  }
  const ModelLock lock(model_);
  (void)model_.BeginAdoption(lock, id);
  if (!kept.ok()) return;
  model_.Add(lock, *kept);
  model::ServerRecord& record = (*kept)->record(lock);
  // They come along: they are laid over the server's next gofer even if nothing
  // is ever heard of this one.
  if (overrides.ok()) return AddOverrides(lock, model_, *overrides, record);
  Log().error("{}: {}", record.name(),
              std::string(overrides.status().message()));
  record.damage.overrides = absl::StrCat(
      overrides.status().message(),
      "; no gofer is started without its rules: put the file back, or give "
      "them up with `goferctl handler reset ",
      id, "`");
}

model::ServerPtr Adopter::MakeDamagedServer(const std::string& id,
                                            const absl::Status& why) const {
  Log().error("{}: {}", names::FormatServerName(id),
              std::string(why.message()));
  model::ServerRecord record = MakeRecord(id, Server::CREATED);
  // Every goferd that finds it gives it the same uid.
  record.resource.set_uid(
      translate::UuidOf(absl::StrCat(record.name(), " damaged")));
  record.damage.bootstrap = absl::StrCat(
      why.message(),
      "; put it back and start goferd again, or remove the server with "
      "`goferctl server delete --force ",
      id, "`");
  return std::make_shared<model::ServerEntry>(std::move(record));
}

bool Adopter::Claim(const std::string& id) {
  const ModelLock lock(model_);
  return model_.BeginAdoption(lock, id);
}

void Adopter::AdoptCreated(const std::string& id) {
  if (host_.state.ReadServerFile(id, kDeletedFile).ok()) {
    return FinishDeletion(id);
  }
  const auto process = FindConfinedProcess(model_, host_, id);
  if (IsGone(process.status())) {
    CleanUpDeadGofer(id);
    return EndAdoption(id);
  }
  const auto watch = [&](const ModelLock& lock, model::ServerRecord& record) {
    record.gofer.generation = model_.NewGeneration();
    if (process.ok()) watch_.Watch(lock, record, *process);
  };
  if (process.ok()) RepairPid(id, **process);
  model::ServerPtr server;
  {
    const ModelLock lock(model_);
    server = model_.Find(lock, id);
    if (server != nullptr) watch(lock, server->record(lock));
  }
  AdoptedLink adopted;
  absl::Status status =
      takeover_.ConnectAndAdopt(id, Origin::kCreated, adopted);
  if (process.ok() && IsWaiting(status)) {
    EndUnused(id, server, **process);
    return EndAdoption(id);
  }
  if (server == nullptr) {
    // The gofer lives and serves, and what goferd wrote of it is gone. It is
    // shown and can be ended, but is never started again.
    server = MakeDamagedServer(
        id, errors::Error(Reason::INTERNAL_FAULT,
                          absl::StrCat(host_.state.path(), "/servers/", id,
                                       "/bootstrap.pb is gone")));
    const ModelLock lock(model_);
    watch(lock, server->record(lock));
    model_.Add(lock, server);
  }
  if (status.ok()) status = takeover_.TakeOver(server, adopted);
  if (!status.ok()) takeover_.HandleFailedAdoption(server, adopted, status);
  EndAdoption(id);
}

// The directory of a gofer is there a moment before the gofer listens.
void Adopter::AdoptFound(const std::string& id, int attempt) {
  const absl::Status adopted = TryAdoptFound(id);
  if (adopted.ok() || threads_.stopping()) return EndAdoption(id);
  if (attempt >= kSurelyDeadAfter && host_.state.AdoptedIsDead(id)) {
    const std::string why = host_.state.ReadAdoptedFailure(id);
    const absl::Status removed = host_.state.RemoveAdopted(id);
    if (!removed.ok()) {
      Log().warn("{}: {}", id, std::string(removed.message()));
    } else if (!why.empty()) {
      AddFailedStart(id, why);
    }
    return EndAdoption(id);
  }
  if (attempt >= kMostAttempts) {
    Log().warn("the gofer {} is not adopted: {}", id,
               std::string(adopted.message()));
    return EndAdoption(id);
  }
  const absl::Duration pause = std::min(
      kFirstAttemptPause * (int64_t{1} << attempt), kLongestAttemptPause);
  threads_.AdoptLater(pause, id,
                      [this, id, attempt] { AdoptFound(id, attempt + 1); });
}

absl::Status Adopter::TryAdoptFound(const std::string& id) {
  AdoptedLink adopted;
  absl::Status status =
      takeover_.ConnectAndAdopt(id, Origin::kAdopted, adopted);
  const bool lives =
      adopted.link != nullptr &&
      (status.ok() || !adopted.link->answers() || IsIncompatible(status));
  if (!lives) return status;
  auto server = MakeAdoptedServer(id, adopted);
  if (!server.ok()) return server.status();
  if (status.ok()) status = takeover_.TakeOver(*server, adopted);
  if (!status.ok()) takeover_.HandleFailedAdoption(*server, adopted, status);
  return absl::OkStatus();
}

void Adopter::AddFailedStart(const std::string& id, const std::string& why) {
  model::ServerRecord record = MakeRecord(id, Server::ADOPTED);
  record.link.state_imported = true;
  record.stopped_at = absl::Now();
  admin::ServerFailure& failure = *record.resource.mutable_failure();
  failure.set_reason(admin::ServerFailure::START_FAILED);
  failure.set_message(why);
  *failure.mutable_failure_time() = translate::ToProto(record.stopped_at);
  record.resource.set_state(Server::FAILED);
  const ModelLock lock(model_);
  const model::ServerPtr known = model_.Find(lock, id);
  if (known != nullptr) {
    model::ServerRecord& former = known->record(lock);
    if (former.was_created() || former.being_changed ||
        former.gofer.process != nullptr) {
      return;
    }
    watch_.ReleaseGofer(lock, former);
    model_.Remove(lock, known);
  }
  if (known == nullptr && CountFailedStarts(lock) >= kMostFailedStarts) {
    Log().warn("{} failed starts of containers are shown; {} is not",
               kMostFailedStarts, record.name());
    return;
  }
  Log().error("{}: its gofer could not start: {}", record.name(), why);
  model_.Add(lock, std::make_shared<model::ServerEntry>(std::move(record)));
}

size_t Adopter::CountFailedStarts(const ModelLock& lock) const {
  size_t count = 0;
  for (const auto& [id, server] : model_.servers(lock)) {
    const Server& resource = server->record(lock).resource;
    count += resource.origin() == Server::ADOPTED &&
                     resource.failure().reason() ==
                         admin::ServerFailure::START_FAILED
                 ? 1
                 : 0;
  }
  return count;
}

// The kernel says which process listens at the control socket.
absl::StatusOr<model::ServerPtr> Adopter::MakeAdoptedServer(
    const std::string& id, const AdoptedLink& adopted) {
  auto process = process::GoferProcess::AdoptPeer(adopted.link->peer().pid);
  if (!process.ok()) return process.status();
  model::ServerRecord record = MakeRecord(id, Server::ADOPTED);
  // Every goferd that finds this gofer gives it the same uid.
  record.resource.set_uid(translate::UuidOf(
      absl::StrCat(record.name(), " ", (*process)->IdentityText())));
  const ModelLock lock(model_);
  if (const model::ServerPtr known = model_.Find(lock, id); known != nullptr) {
    model::ServerRecord& former = known->record(lock);
    if (former.was_created() || former.being_changed ||
        former.gofer.process != nullptr) {
      return errors::Error(Reason::SERVER_ALREADY_EXISTS,
                           absl::StrCat("there is a server ", known->name()));
    }
    // The container was started again.
    watch_.ReleaseGofer(lock, former);
    model_.Remove(lock, known);
  }
  record.gofer.generation = model_.NewGeneration();
  const auto server = std::make_shared<model::ServerEntry>(std::move(record));
  watch_.Watch(lock, server->record(lock), *std::move(process));
  model_.Add(lock, server);
  return server;
}

void Adopter::EndUnused(const std::string& id, const model::ServerPtr& server,
                        process::GoferProcess& process) {
  process.Kill(SIGKILL);
  // ExitHandler goes on for a server that had a gofer before this one.
  if (server != nullptr) return;
  (void)process.WaitForEnd(settings_.control_timeout());
  CleanUpDeadGofer(id);
}

void Adopter::CleanUpDeadGofer(const std::string& id) {
  EndLeftover(id);
  model::ServerPtr server;
  {
    const ModelLock lock(model_);
    server = model_.Find(lock, id);
  }
  if (server == nullptr) {
    // The gofer never got ready, so CreateServer had not answered.
    const absl::Status removed = host_.state.RemoveServer(id);
    Log().warn("what is left of servers/{} is removed{}", id,
               removed.ok() ? "" : ": " + std::string(removed.message()));
    return;
  }
  const bool ended_by_itself = host_.state.ReadServerFile(id, kEndedFile).ok();
  auto death = ReadDeath(host_.state, id);
  const bool is_known =
      death.has_value() && IsOfLastGofer(host_.state, id, *death);
  if (!is_known) {
    death.emplace();
    death->mutable_failure()->set_reason(admin::ServerFailure::CRASHED);
    death->mutable_failure()->set_message(
        "the gofer died while goferd was away");
    *death->mutable_failure()->mutable_failure_time() =
        translate::ToProto(absl::Now());
    if (!ended_by_itself) KeepDeath(host_.state, id, death->failure(), {});
  }
  const ModelLock lock(model_);
  model::ServerRecord& record = server->record(lock);
  if (ended_by_itself) {
    Log().info("{}: its gofer has ended", server->name());
    record.stopped_at = absl::Now();
    (void)model_.SetState(lock, record, Server::STOPPED);
    model_.CheckWhetherAllAreImported(lock);
    return;
  }
  Log().error("{}: its gofer is dead: {}", server->name(),
              death->failure().message());
  if (!is_known) model_.CountGoferCrash();
  ShowDeath(lock, record, *death);
  restarter_.RestartLater(lock, record);
}

void Adopter::ShowDeath(const ModelLock& lock, model::ServerRecord& server,
                        const state::v1::GoferDeath& death) {
  for (const admin::Connection& from : death.connections()) {
    const auto name =
        names::ParseConnectionName(from.name(), names::Wildcard::kRefused);
    if (!name || name->server_id != server.id || from.uid().empty() ||
        translate::ToTime(from.purge_time()) <= absl::Now() ||
        server.connections.contains(name->id)) {
      continue;
    }
    admin::Connection resource = from;
    resource.clear_end_detail();
    resource.clear_end_time();
    resource.clear_purge_time();
    model::ConnectionRecord& record =
        model_.AddConnection(lock, server, std::move(resource));
    model_.Announce(lock, record);
    model_.EndAt(lock, translate::ToTime(from.end_time()), server, record,
                 admin::Connection::GOFER_CRASHED, from.end_detail(),
                 settings_.ended_retention());
  }
  MarkFailed(lock, model_, server,
             server.damage.any() ? DamageOf(server) : death.failure());
}

void Adopter::RepairPid(const std::string& id,
                        const process::GoferProcess& process) {
  const std::string identity = process.IdentityText();
  const auto kept = host_.state.ReadServerFile(id, "pid");
  if (kept.ok() && *kept == identity) return;
  Log().warn(
      "servers/{}/pid was lost: the process that listens at its socket "
      "is its gofer",
      id);
  const absl::Status written = host_.state.WriteServerFile(id, "pid", identity);
  if (!written.ok()) Log().warn("{}", std::string(written.message()));
}

// Its gofer may be ending already, or may not have been told yet.
void Adopter::FinishDeletion(const std::string& id) {
  AdoptedLink adopted;
  const absl::Status status =
      takeover_.ConnectAndAdopt(id, Origin::kCreated, adopted);
  model::ServerPtr server;
  {
    const ModelLock lock(model_);
    server = model_.Find(lock, id);
    if (server == nullptr) {
      server =
          std::make_shared<model::ServerEntry>(MakeRecord(id, Server::CREATED));
      model_.Add(lock, server);
    }
    model::ServerRecord& record = server->record(lock);
    record.link.state_imported = true;
    (void)model_.SetState(lock, record, Server::STOPPING);
    if (status.ok()) {
      record.link.current = adopted.link;
      record.link.generation = adopted.link_generation;
    }
    model_.CheckWhetherAllAreImported(lock);
  }
  Log().info("{}: its deletion is finished", server->name());
  const absl::Status ended = stopper_.Stop(server);
  if (!ended.ok()) Log().error("{}", std::string(ended.message()));
  EndAdoption(id);
}

// A goferd that was killed may have started a gofer and not have written down
// its process. Such a gofer serves nobody, and must not live on beside its
// successor.
void Adopter::EndLeftover(const std::string& id) {
  AdoptedLink adopted;
  const absl::Status status =
      takeover_.ConnectAndAdopt(id, Origin::kCreated, adopted);
  if (status.ok()) {
    worker::v1::ToGofer ask;
    ask.mutable_shutdown()->set_close_timeout_ns(0);
    (void)adopted.link->Ask(std::move(ask));
  } else if (IsWaiting(status)) {
    AskToEnd(threads_.loop(), settings_, host_.state.ControlPath(id));
  }
}

void Adopter::AdoptNew() {
  for (const std::string& id : host_.state.ListAdopted()) {
    const ModelLock lock(model_);
    const model::ServerPtr known = model_.Find(lock, id);
    if (known != nullptr) {
      const model::ServerRecord& record = known->record(lock);
      if (record.was_created() || record.gofer.process != nullptr) continue;
    }
    AdoptNew(lock, id);
  }
}

void Adopter::AdoptNew(const ModelLock& lock, const std::string& id) {
  if (threads_.stopping() || !model_.BeginAdoption(lock, id)) return;
  threads_.adopters().Post({id}, [this, id] { AdoptFound(id, 0); });
}

}  // namespace goferd::gofers
