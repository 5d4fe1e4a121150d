// Lifecycle's part that finds gofers which live already.

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"
#include "controlplane/gofers/foreign_server.h"
#include "controlplane/gofers/kept_server.h"
#include "controlplane/gofers/lifecycle.h"
#include "controlplane/gofers/waiting_gofer.h"
#include "controlplane/translate/adopt_result.h"
#include "controlplane/translate/time_conversion.h"
#include "controlplane/translate/uuid.h"
#include "goferd/worker/v1/frame.pb.h"
#include "server/base/log.h"

namespace goferd::gofers {
namespace {

using errors::Reason;
using gofer::base::Log;
using gofer::base::MutexLock;
using Server = admin::Server;

constexpr absl::Duration kFirstAttemptPause = absl::Milliseconds(20);
constexpr absl::Duration kLongestAttemptPause = absl::Seconds(5);
// One that was made by a gofer, and has none that answers, is left alone then.
constexpr int kMostAttempts = 12;
// Between bind(2) and listen(2) a gofer that starts looks like a dead one.
constexpr int kSurelyDeadAfter = 4;

// Counts tasks down, for one who waits. The one who posts them is the first.
struct Outstanding {
  gofer::base::Mutex mu;
  gofer::base::CondVar changed;
  size_t count ABSL_GUARDED_BY(mu) = 1;
};

// Of one whose gofer lives, before the gofer has said more.
model::Model::ServerPtr MakeServer(const std::string& id,
                                   Server::Origin origin) {
  auto server = std::make_shared<model::ServerRecord>();
  server->id = id;
  server->resource.set_name(model::ServerName(id));
  server->resource.set_uid(translate::NewUuid());
  server->resource.set_origin(origin);
  server->resource.set_restart_policy(Server::NEVER);
  server->resource.set_state(Server::STARTING);
  *server->resource.mutable_create_time() = translate::ToProto(absl::Now());
  return server;
}

bool IsIncompatible(const absl::Status& status) {
  return errors::ReasonOf(status) == Reason::GOFER_CAPABILITY_MISSING;
}

bool IsGone(const absl::Status& status) {
  return errors::ReasonOf(status) == Reason::PATH_NOT_FOUND;
}

}  // namespace

void Lifecycle::EndAdoption(const std::string& id) {
  MutexLock lock(context_.model.mu);
  context_.model.EndAdoption(id);
}

void Lifecycle::AdoptAll(absl::Duration patience) {
  auto outstanding = std::make_shared<Outstanding>();
  const auto leave = [this, outstanding] {
    {
      MutexLock lock(context_.model.mu);
      NoteWhetherAllAreAdopted();
    }
    MutexLock lock(outstanding->mu);
    --outstanding->count;
    outstanding->changed.NotifyAll();
  };
  const auto post = [&](const std::string& id, Origin origin) {
    {
      MutexLock lock(outstanding->mu);
      ++outstanding->count;
    }
    context_.adopters.Post([this, leave, id, origin] {
      if (origin == Origin::kForeign) {
        AdoptForeign(id, 0);
      } else {
        AdoptOurs(id);
      }
      leave();
    });
  };
  const std::vector<std::string> ids = context_.state.ListServers();
  for (const std::string& id : ids) {
    const model::Model::ServerPtr server = ReadKeptServer(context_.state, id);
    const auto overrides = ReadKeptOverrides(context_.state, id);
    MutexLock lock(context_.model.mu);
    (void)context_.model.BeginAdoption(id);
    if (server != nullptr) AddKept(server, overrides);
  }
  for (const std::string& id : ids) post(id, Origin::kOurs);
  for (const auto& id : context_.state.ListAdopted()) {
    {
      MutexLock lock(context_.model.mu);
      if (!context_.model.BeginAdoption(id)) {
        Log().error("the gofer adopted/{} is not adopted: there is a server {}",
                    id, model::ServerName(id));
        continue;
      }
    }
    post(id, Origin::kForeign);
  }
  leave();
  const auto deadline =
      std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(patience);
  MutexLock lock(outstanding->mu);
  while (outstanding->count > 0) {
    if (!outstanding->changed.WaitUntil(outstanding->mu, deadline)) return;
  }
}

// With its rules and table, which are to be laid over its next gofer even if
// nothing is heard of this one any more.
void Lifecycle::AddKept(const model::Model::ServerPtr& server,
                        const state::v1::Overrides& overrides) {
  context_.model.Add(server);
  for (const admin::HandlerRule& rule : overrides.rules()) {
    context_.model.PutRule(*server, {rule, server->next_rule_age++});
  }
  server->assignments.assign(overrides.assignments().begin(),
                             overrides.assignments().end());
}

void Lifecycle::AdoptNew() {
  for (const std::string& id : context_.state.ListAdopted()) {
    MutexLock lock(context_.model.mu);
    const model::Model::ServerPtr known = context_.model.Find(id);
    const bool has_ended = known != nullptr && known->process == nullptr &&
                           known->resource.origin() == Server::ADOPTED;
    if (known == nullptr || has_ended) AdoptNew(id);
  }
}

void Lifecycle::AdoptNew(const std::string& id) {
  if (context_.stopping || !context_.model.BeginAdoption(id)) return;
  context_.adopters.Post([this, id] { AdoptForeign(id, 0); });
}

absl::Status Lifecycle::Hail(const std::string& id, Origin origin,
                             Hailed& hailed) {
  hailed.link_generation = next_generation_.fetch_add(1);
  const std::string path = origin == Origin::kOurs
                               ? context_.state.ControlPath(id)
                               : context_.state.AdoptedControlPath(id);
  auto callbacks = CallbacksFor(id, hailed.link_generation);
  callbacks.on_event = [early = hailed.events, apply = callbacks.on_event](
                           const worker::v1::Event& event) {
    if (!early->Keep(event)) apply(event);
  };
  auto client =
      worker::GoferClient::Connect(path, *context_.loop, std::move(callbacks));
  if (!client.ok()) return client.status();
  hailed.link = context_.links.Make(
      *std::move(client), context_.control_timeout(), model::ServerName(id));
  worker::v1::ToGofer ask;
  *ask.mutable_adopt()->mutable_party() = OwnParty();
  auto answer = hailed.link->Ask(std::move(ask));
  if (!answer.ok()) return answer.status();
  hailed.result = std::move(*answer->mutable_adopt());
  int32_t max_connections = 0;
  if (origin == Origin::kOurs) {
    MutexLock lock(context_.model.mu);
    const model::Model::ServerPtr server = context_.model.Find(id);
    if (server != nullptr) {
      max_connections = server->resource.limits().max_connections();
    }
  }
  return translate::CheckAdoptResult(translate::AdoptBoundsFor(max_connections),
                                     hailed.result);
}

absl::StatusOr<std::shared_ptr<process::GoferProcess>> Lifecycle::FindConfined(
    const std::string& id) {
  auto process = FindKeptProcess(context_.state, id);
  if (!process.ok()) return process;
  int64_t max_memory = 0;
  {
    MutexLock lock(context_.model.mu);
    const model::Model::ServerPtr server = context_.model.Find(id);
    if (server != nullptr) {
      max_memory = server->resource.limits().max_memory_bytes();
    }
  }
  (*process)->FindConfines({.server_id = id,
                            .cgroup_parent = context_.cgroup_parent,
                            .max_memory_bytes = max_memory});
  return process;
}

void Lifecycle::AdoptOurs(const std::string& id) {
  const auto process = FindConfined(id);
  if (IsGone(process.status())) {
    Bury(id);
    return EndAdoption(id);
  }
  const auto watch = [&](model::ServerRecord& server)
                         ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu) {
                           server.generation = next_generation_.fetch_add(1);
                           if (process.ok()) WatchProcess(server, *process);
                         };
  model::Model::ServerPtr server;
  {
    MutexLock lock(context_.model.mu);
    server = context_.model.Find(id);
    if (server != nullptr) watch(*server);
  }
  Hailed hailed;
  absl::Status status = Hail(id, Origin::kOurs, hailed);
  if (process.ok() && IsWaiting(status)) {
    EndUnused(id, server, **process);
    return EndAdoption(id);
  }
  if (server == nullptr) {
    // It lives, and what we wrote of it cannot be read: it is shown, and can be
    // ended, but is never started again.
    Log().error("{}: what goferd wrote of it cannot be read",
                model::ServerName(id));
    server = MakeServer(id, Server::CREATED);
    MutexLock lock(context_.model.mu);
    watch(*server);
    context_.model.Add(server);
  }
  if (status.ok()) status = TakeOver(server, hailed);
  if (!status.ok()) NotTakenOver(server, hailed, status);
  EndAdoption(id);
}

// The directory is there a moment before its gofer listens.
void Lifecycle::AdoptForeign(const std::string& id, int attempt) {
  const absl::Status adopted = TryForeign(id);
  if (adopted.ok() || context_.stopping) return EndAdoption(id);
  if (attempt >= kSurelyDeadAfter && context_.state.AdoptedIsDead(id)) {
    const absl::Status removed = context_.state.RemoveAdopted(id);
    if (!removed.ok()) {
      Log().warn("{}: {}", id, std::string(removed.message()));
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
  context_.loop->After(pause, [this, id, attempt] {
    context_.adopters.Post(
        [this, id, attempt] { AdoptForeign(id, attempt + 1); });
  });
}

absl::Status Lifecycle::TryForeign(const std::string& id) {
  Hailed hailed;
  absl::Status status = Hail(id, Origin::kForeign, hailed);
  const bool lives =
      hailed.link != nullptr &&
      (status.ok() || !hailed.link->answers() || IsIncompatible(status));
  if (!lives) return status;
  auto server = MakeForeign(id, hailed);
  if (!server.ok()) return server.status();
  if (status.ok()) status = TakeOver(*server, hailed);
  if (!status.ok()) NotTakenOver(*server, hailed, status);
  return absl::OkStatus();
}

// The kernel says who listens.
absl::StatusOr<model::Model::ServerPtr> Lifecycle::MakeForeign(
    const std::string& id, const Hailed& hailed) {
  auto process = process::GoferProcess::AdoptPeer(hailed.link->peer().pid);
  if (!process.ok()) return process.status();
  auto server = MakeServer(id, Server::ADOPTED);
  // The same for each goferd that finds this gofer.
  server->resource.set_uid(translate::UuidOf(
      absl::StrCat(server->name(), " ", (*process)->IdentityText())));
  model::Model& model = context_.model;
  MutexLock lock(model.mu);
  if (const model::Model::ServerPtr known = model.Find(id); known != nullptr) {
    if (known->resource.origin() != Server::ADOPTED || known->busy ||
        known->process != nullptr) {
      return errors::Error(Reason::SERVER_ALREADY_EXISTS,
                           absl::StrCat("there is a server ", known->name()));
    }
    // The container was started again.
    LetGo(*known);
    model.Remove(known);
  }
  server->generation = next_generation_.fetch_add(1);
  WatchProcess(*server, *std::move(process));
  model.Add(server);
  return server;
}

bool Lifecycle::MayTakeOver(const model::Model::ServerPtr& server,
                            uint64_t generation) const {
  const auto state = server->resource.state();
  return context_.model.Find(server->id) == server &&
         server->generation == generation && server->process != nullptr &&
         (state == Server::STARTING || state == Server::UNREACHABLE);
}

absl::Status Lifecycle::TakeOver(const model::Model::ServerPtr& server,
                                 Hailed& hailed) {
  const worker::v1::AdoptResult& result = hailed.result;
  const std::shared_ptr<link::GoferLink> link = hailed.link;
  model::Model& model = context_.model;
  Restoration::Strays strays;
  uint64_t generation = 0;
  bool acquainted = false;
  {
    MutexLock lock(model.mu);
    generation = server->generation;
    if (!MayTakeOver(server, generation) ||
        (server->resource.origin() == Server::ADOPTED &&
         server->process->pid() != link->peer().pid)) {
      return errors::Error(Reason::GOFER_UNREACHABLE,
                           absl::StrCat(server->name(), " is another's"));
    }
    LetGoOfLink(*server);
    server->link = link;
    server->link_generation = hailed.link_generation;
    Known(*server, *server->process, result.bootstrap());
    server->started_at = absl::FromUnixNanos(result.start_unix_ns());
    server->draining = result.draining();
    server->resource.clear_failure();
    server->resource.clear_conditions();
    acquainted = std::exchange(server->acquainted, true);
    if (!acquainted && server->resource.origin() == Server::ADOPTED) {
      DescribeForeign(result, *server);
    }
    strays = acquainted ? restoration_.CompareConnections(*server, result)
                        : restoration_.RestoreConnections(*server, result);
  }
  if (acquainted) {
    restoration_.CompareRules(server, *link, result);
  } else {
    restoration_.RestoreRules(server, *link, result);
  }
  restoration_.CompareLimits(server, *link, result);
  Restoration::EndStrays(strays, *link);
  MutexLock lock(model.mu);
  if (!MayTakeOver(server, generation) || server->link != link ||
      !link->connected() || !link->answers() || hailed.events->overflow()) {
    return errors::Error(Reason::GOFER_UNREACHABLE,
                         absl::StrCat(server->name(), " has gone meanwhile"));
  }
  for (const auto& event : hailed.events->Open()) {
    events_.ApplyTo(*server, event);
  }
  server->linked_at = absl::Now();
  NoteWhetherAllAreAdopted();
  Log().info("{}: its gofer (process {}) is known again", server->name(),
             server->resource.gofer_pid());
  return model.SetState(*server,
                        server->draining ? Server::DRAINING : Server::ACTIVE);
}

void Lifecycle::NoteWhetherAllAreAdopted() {
  for (const auto& [id, server] : context_.model.servers()) {
    const auto state = server->resource.state();
    if (!server->acquainted &&
        (state == Server::STARTING || state == Server::UNREACHABLE)) {
      return;
    }
  }
  context_.adopted = true;
}

void Lifecycle::NotTakenOver(const model::Model::ServerPtr& server,
                             Hailed& hailed, const absl::Status& why) {
  model::Model& model = context_.model;
  MutexLock lock(model.mu);
  const auto state = server->resource.state();
  if (model.Find(server->id) != server || context_.stopping ||
      (state != Server::STARTING && state != Server::UNREACHABLE)) {
    return;
  }
  Log().error("{}: its gofer is not adopted: {}", server->name(),
              std::string(why.message()));
  LetGoOfLink(*server);
  if (IsIncompatible(why)) {
    admin::ServerFailure failure;
    failure.set_reason(admin::ServerFailure::INCOMPATIBLE);
    failure.set_message(
        "the gofer serves, and speaks no version of our protocol: end it with "
        "its connections, or let a goferd of its release have it");
    Fail(*server, std::move(failure));
    return;
  }
  if (state != Server::UNREACHABLE) {
    (void)model.SetState(*server, Server::UNREACHABLE);
  }
  if (hailed.link != nullptr && !hailed.link->answers()) {
    // Its answer, or its end, goes on from here.
    server->link = hailed.link;
    server->link_generation = hailed.link_generation;
    if (!hailed.link->answers()) return;
    LetGoOfLink(*server);
  }
  ReconnectLater(*server);
}

}  // namespace goferd::gofers
