#include "controlplane/supervisor/server_operations.h"

#include <sys/resource.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"
#include "controlplane/gofers/gofer_starter.h"
#include "controlplane/gofers/kept_server.h"
#include "controlplane/model/server_state.h"
#include "controlplane/names/resource_name.h"
#include "controlplane/supervisor/escapes.h"
#include "controlplane/translate/connection_options.h"
#include "controlplane/translate/time_conversion.h"
#include "controlplane/translate/uuid.h"
#include "controlplane/tree/served_tree.h"
#include "goferd/state/v1/state.pb.h"
#include "goferd/worker/v1/frame.pb.h"
#include "server/base/log.h"
#include "server/base/text.h"

namespace goferd::supervisor {
namespace {

using errors::Reason;
using gofer::base::Log;
using model::ModelLock;
using Server = admin::Server;

constexpr int kServerRetryMs = 5000;
constexpr size_t kMostPathBytes = 4096;

void CompleteLimits(const admin::ServerLimits& defaults,
                    admin::ServerLimits& limits) {
  if (limits.max_connections() == 0) {
    limits.set_max_connections(defaults.max_connections());
  }
  // A gofer has our hard limit, and may not be able to raise it.
  if (limits.max_fds() == 0) {
    rlimit own = {};
    ::getrlimit(RLIMIT_NOFILE, &own);
    limits.set_max_fds(static_cast<int32_t>(std::min<rlim_t>(
        own.rlim_max, static_cast<rlim_t>(defaults.max_fds()))));
  }
  if (limits.max_channels() == 0) {
    limits.set_max_channels(defaults.max_channels());
  }
  if (limits.max_memory_bytes() == 0) {
    limits.set_max_memory_bytes(defaults.max_memory_bytes());
  }
}

void ReadTtl(Server& server) {
  if (!server.has_ttl()) return;
  const absl::Time expire = absl::Now() + translate::ToDuration(server.ttl());
  *server.mutable_expire_time() = translate::ToProto(expire);
}

// Copies the fields that an update may change.
void CopyChangeable(const Server& from, Server& to) {
  *to.mutable_labels() = from.labels();
  *to.mutable_limits() = from.limits();
  *to.mutable_default_connection_options() = from.default_connection_options();
  to.clear_max_connection_options();
  if (from.has_max_connection_options()) {
    *to.mutable_max_connection_options() = from.max_connection_options();
  }
  to.clear_expiration();
  if (from.has_expire_time()) *to.mutable_expire_time() = from.expire_time();
}

template <class Message>
bool Same(const Message& a, const Message& b) {
  return a.SerializeAsString() == b.SerializeAsString();
}

}  // namespace

admin::Server ServerOperations::Complete(const std::string& id,
                                         const Server& spec) const {
  Server server = spec;
  server.set_name(names::FormatServerName(id));
  *server.mutable_create_time() = translate::ToProto(absl::Now());
  *server.mutable_update_time() = server.create_time();
  auto& options = *server.mutable_options();
  if (!options.has_walk_stat_supported()) {
    options.set_walk_stat_supported(true);
  }
  if (!options.has_set_attr_on_deleted()) {
    options.set_set_attr_on_deleted(true);
  }
  if (!options.has_allocate_on_deleted()) {
    options.set_allocate_on_deleted(true);
  }
  CompleteLimits(settings_.config().servers().default_limits(),
                 *server.mutable_limits());
  *server.mutable_default_connection_options() = translate::CompleteDefaults(
      spec.default_connection_options(),
      settings_.config().connections().default_options());
  if (server.sandbox_mode() == Server::SANDBOX_MODE_UNSPECIFIED) {
    server.set_sandbox_mode(Server::FULL);
  }
  if (server.restart_policy() == Server::RESTART_POLICY_UNSPECIFIED) {
    server.set_restart_policy(Server::ON_FAILURE);
  }
  ReadTtl(server);
  server.set_state(Server::STARTING);
  server.set_origin(Server::CREATED);
  return server;
}

absl::Status ServerOperations::CheckNew(const ModelLock& lock,
                                        const std::string& id,
                                        const Server& spec) const {
  if (absl::Status status = threads_.CheckRunning(); !status.ok()) {
    return status;
  }
  if (model_.Find(lock, id) != nullptr) {
    return errors::Error(
        Reason::SERVER_ALREADY_EXISTS,
        absl::StrCat("there is a server ", names::FormatServerName(id),
                     ": take another id, or delete it"),
        {{"resource", names::FormatServerName(id)}});
  }
  if (model_.IsBeingAdopted(lock, id)) {
    return errors::ErrorWithRetry(
        Reason::STARTING,
        absl::StrCat("goferd looks for a gofer of ",
                     names::FormatServerName(id),
                     " that lives already: try again"),
        kServerRetryMs, {{"resource", names::FormatServerName(id)}});
  }
  const auto limit =
      static_cast<size_t>(settings_.config().servers().max_servers());
  if (model_.servers(lock).size() >= limit) {
    return errors::ErrorWithRetry(
        Reason::PROCESS_LIMIT,
        absl::StrCat("this node has ", model_.servers(lock).size(),
                     " servers, as many as it may have: delete one"),
        kServerRetryMs,
        {{"limit", absl::StrCat(limit)},
         {"used", absl::StrCat(model_.servers(lock).size())}});
  }
  if (absl::Status status = settings_.CheckSandboxMode(spec.sandbox_mode());
      !status.ok()) {
    return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<model::Mutation> ServerOperations::BeginMutation(
    absl::string_view id, absl::string_view etag) {
  const ModelLock lock(model_);
  if (absl::Status status = threads_.CheckRunning(); !status.ok()) {
    return status;
  }
  return model::Mutation::Begin(lock, model_, id, etag);
}

absl::StatusOr<std::optional<admin::Server>> ServerOperations::FindMade(
    const std::string& id, const state::v1::RequestKey& request) const {
  if (request.request_id().empty()) return std::nullopt;
  const ModelLock lock(model_);
  const model::ServerPtr server = model_.Find(lock, id);
  if (server == nullptr ||
      server->record(lock).request.request_id() != request.request_id()) {
    return std::nullopt;
  }
  if (server->record(lock).request.fingerprint() == request.fingerprint()) {
    return server->record(lock).resource;
  }
  return errors::Error(Reason::REQUEST_ID_REUSED,
                       "this request_id was used with another request: make a "
                       "new UUID for each request");
}

absl::StatusOr<admin::Server> ServerOperations::Create(
    absl::string_view name, const Server& spec, Effect effect,
    const state::v1::RequestKey& request) {
  const std::string id(name);
  auto made = FindMade(id, request);
  if (!made.ok()) return made.status();
  if (*made) return **std::move(made);
  {
    const ModelLock lock(model_);
    if (absl::Status status = CheckNew(lock, id, spec); !status.ok()) {
      return status;
    }
  }
  const auto tree = tree::ResolveTree(
      spec, spec.has_oci_bundle() ? spec.oci_bundle() : spec.root(),
      settings_.config().allowed_roots());
  if (!tree.ok()) return tree.status();
  model::ServerRecord record;
  record.id = id;
  record.resource = Complete(id, spec);
  record.resolved_root = tree->path;
  record.request = request;
  record.resource.set_resolved_path(
      gofer::base::PlainText(tree->path, kMostPathBytes));
  if (effect == Effect::kValidateOnly) return record.resource;
  record.resource.set_uid(translate::NewUuid());
  record.being_changed = true;
  const auto server = std::make_shared<model::ServerEntry>(std::move(record));
  {
    const ModelLock lock(model_);
    // Another caller may have been faster.
    if (absl::Status status = CheckNew(lock, id, spec); !status.ok()) {
      return status;
    }
    model_.Add(lock, server);
  }
  // What a former server of that id could not take along would be this one's.
  absl::Status started = host_.state.RemoveServer(id);
  if (started.ok()) started = launcher_.Launch(server, *tree);
  if (!started.ok()) {
    TakeBack(server);
    return started;
  }
  const ModelLock lock(model_);
  server->record(lock).being_changed = false;
  return server->record(lock).resource;
}

void ServerOperations::TakeBack(const model::ServerPtr& server) {
  (void)host_.state.RemoveServer(server->id());
  const ModelLock lock(model_);
  ++server->record(lock).gofer.generation;
  model_.Remove(lock, server);
}

absl::StatusOr<admin::Server> ServerOperations::Get(
    absl::string_view id) const {
  const ModelLock lock(model_);
  const model::ServerPtr server = model_.Find(lock, id);
  if (server == nullptr) return model::Model::NoServer(id);
  return server->record(lock).resource;
}

int64_t ServerOperations::Visit(
    absl::string_view after,
    absl::FunctionRef<bool(const Server&)> visit) const {
  const ModelLock lock(model_);
  const auto& servers = model_.servers(lock);
  for (auto server = servers.upper_bound(after); server != servers.end();
       ++server) {
    if (!visit(server->second->record(lock).resource)) break;
  }
  return model_.events().revision();
}

absl::Status ServerOperations::TellGofer(const model::ServerPtr& server,
                                         const Server& before,
                                         const Server& after, Effect effect) {
  std::shared_ptr<link::GoferLink> link;
  std::shared_ptr<process::GoferProcess> process;
  bool later = false;
  {
    const ModelLock lock(model_);
    absl::Status serves = model::CheckServing(server->record(lock));
    later = !serves.ok() && MayKeep(server->record(lock));
    if (!serves.ok() && !later) return serves;
    link = server->record(lock).link.current;
    process = server->record(lock).gofer.process;
    if (!later && !Same(before.limits(), after.limits())) {
      absl::Status can =
          model::CheckCan(server->record(lock), worker::v1::CAPABILITY_LIMITS);
      if (!can.ok()) return can;
    }
  }
  if (effect == Effect::kValidateOnly) return absl::OkStatus();
  const int64_t former_memory = before.limits().max_memory_bytes();
  const int64_t max_memory = after.limits().max_memory_bytes();
  const bool sets_memory = process != nullptr && max_memory != former_memory;
  // First, because it can be taken back without the gofer.
  if (sets_memory) {
    absl::Status set = process->SetMaxMemory(max_memory);
    if (!set.ok()) return set;
  }
  if (later || Same(gofers::ToWorker(before.limits()),
                    gofers::ToWorker(after.limits()))) {
    return absl::OkStatus();
  }
  worker::v1::ToGofer ask;
  *ask.mutable_set_limits()->mutable_limits() =
      gofers::ToWorker(after.limits());
  const auto answer = link->Ask(std::move(ask));
  if (answer.ok()) return absl::OkStatus();
  if (sets_memory) {
    const absl::Status set = process->SetMaxMemory(former_memory);
    if (!set.ok()) {
      Log().warn("{}: its limit of memory is not what it was: {}",
                 server->name(), std::string(set.message()));
    }
  }
  return answer.status();
}

bool ServerOperations::MayKeep(const model::ServerRecord& server) {
  const auto state = server.resource.state();
  return server.was_created() && server.damage.bootstrap.empty() &&
         (state == Server::UNREACHABLE || state == Server::FAILED);
}

absl::StatusOr<ServerOperations::ChangeDraft> ServerOperations::Draft(
    const model::ServerPtr& server, const Server& after,
    std::optional<bool> draining, bool draining_untold) {
  worker::v1::Bootstrap bootstrap;
  state::v1::ServerState kept;
  bool is_ours = false;
  {
    const ModelLock lock(model_);
    const model::ServerRecord& record = server->record(lock);
    is_ours = record.was_created() && record.damage.bootstrap.empty();
    bootstrap = gofers::MakeBootstrap(settings_, host_, record);
    kept.set_resolved_root(record.resolved_root);
    kept.set_draining(draining.value_or(record.draining));
    kept.set_draining_untold(draining ? draining_untold
                                      : record.draining_untold);
    if (!record.request.request_id().empty()) {
      *kept.mutable_request() = record.request;
    }
  }
  *bootstrap.mutable_limits() = gofers::ToWorker(after.limits());
  *kept.mutable_server() = after;
  bootstrap.set_daemon_data(kept.SerializeAsString());
  // goferd never starts the gofer of an adopted server, nor of one of which
  // only its gofer knows.
  if (!is_ours) {
    return ChangeDraft{state::FileDraft(), bootstrap.daemon_data()};
  }
  auto file = host_.state.DraftServerFile(server->id(), "bootstrap.pb",
                                          bootstrap.SerializeAsString());
  if (!file.ok()) return file.status();
  return ChangeDraft{*std::move(file), bootstrap.daemon_data()};
}

void ServerOperations::Keep(const model::ServerPtr& server, ChangeDraft draft) {
  const auto kept = draft.file.PutInPlace();
  if (!kept.ok()) {
    Log().warn("{}: a change is not written down for a restart: {}",
               server->name(), std::strerror(kept.error().number()));
  }
  std::shared_ptr<link::GoferLink> link;
  {
    const ModelLock lock(model_);
    link = server->record(lock).link.current;
  }
  if (link == nullptr) return;
  worker::v1::ToGofer ask;
  ask.mutable_set_daemon_data()->set_daemon_data(draft.daemon_data);
  const auto answer = link->Ask(std::move(ask));
  if (!answer.ok()) {
    Log().warn("{}: its gofer did not take note of a change: {}",
               server->name(), std::string(answer.status().message()));
  }
}

absl::Status ServerOperations::KeepForLater(const model::ServerEntry& server,
                                            ChangeDraft draft) {
  const auto kept = draft.file.PutInPlace();
  if (kept.ok()) return absl::OkStatus();
  return errors::FromErrno(kept.error().number(),
                           absl::StrCat("writing down ", server.name()));
}

void ServerOperations::CompleteChange(const Server& before,
                                      Server& after) const {
  // Limits that were not asked for stay as they are: an adopted gofer has none
  // for some of them, and cannot change any.
  if (!Same(before.limits(), after.limits())) {
    CompleteLimits(settings_.config().servers().default_limits(),
                   *after.mutable_limits());
  }
  if (!Same(before.default_connection_options(),
            after.default_connection_options())) {
    *after.mutable_default_connection_options() = translate::CompleteDefaults(
        after.default_connection_options(),
        settings_.config().connections().default_options());
  }
  ReadTtl(after);
}

absl::StatusOr<admin::Server> ServerOperations::Update(
    absl::string_view id, absl::string_view etag, Effect effect,
    Escapes escapes, absl::FunctionRef<absl::Status(Server&)> change) {
  auto mutation = BeginMutation(id, etag);
  if (!mutation.ok()) return mutation.status();
  Server before;
  {
    const ModelLock lock(model_);
    before = mutation->server()->record(lock).resource;
  }
  Server after = before;
  if (absl::Status status = change(after); !status.ok()) return status;
  CompleteChange(before, after);
  absl::Status told =
      TellGofer(mutation->server(), before, after, Effect::kValidateOnly);
  if (!told.ok()) return told;
  Warnings warnings;
  {
    const ModelLock lock(model_);
    warnings =
        WarningsOfUpdate(mutation->server()->record(lock), before, after);
  }
  if (escapes == Escapes::kRefuse) {
    absl::Status none =
        CheckNoEscapes(absl::StrCat("an update of ", before.name()), warnings);
    if (!none.ok()) return none;
  }
  if (effect == Effect::kValidateOnly) {
    *after.mutable_warnings() = std::move(warnings);
    return after;
  }
  auto draft = Draft(mutation->server(), after, std::nullopt);
  if (!draft.ok()) return draft.status();
  told = TellGofer(mutation->server(), before, after, Effect::kReal);
  if (!told.ok()) return told;
  bool later = false;
  {
    const ModelLock lock(model_);
    later = MayKeep(mutation->server()->record(lock));
  }
  const auto copy = [&] {
    const ModelLock lock(model_);
    // The state may have changed meanwhile; what we change has not.
    model::ServerRecord& server = mutation->server()->record(lock);
    CopyChangeable(after, server.resource);
    model_.Changed(lock, server);
    return server.resource;
  };
  Server changed;
  if (later) {
    // The file is the only place where it is then.
    absl::Status kept = KeepForLater(*mutation->server(), *std::move(draft));
    if (!kept.ok()) return kept;
    changed = copy();
  } else {
    changed = copy();
    Keep(mutation->server(), *std::move(draft));
  }
  *changed.mutable_warnings() = std::move(warnings);
  return changed;
}

absl::Status ServerOperations::Delete(absl::string_view id,
                                      absl::string_view etag, Force force,
                                      Effect effect) {
  auto mutation = BeginMutation(id, etag);
  if (!mutation.ok()) return mutation.status();
  const model::ServerPtr& server = mutation->server();
  {
    const ModelLock lock(model_);
    const int64_t live = server->record(lock).live_connections();
    if (live > 0 && force == Force::kNo) {
      return errors::Error(
          Reason::SERVER_NOT_EMPTY,
          absl::StrCat(server->name(), " has ", live,
                       " connections: drain it and wait, or set force"),
          {{"resource", server->name()}, {"used", absl::StrCat(live)}});
    }
    // What it has is not known.
    const bool silent =
        server->record(lock).resource.state() == Server::UNREACHABLE ||
        (server->record(lock).resource.state() == Server::FAILED &&
         server->record(lock).gofer.process != nullptr);
    if (silent && force == Force::kNo) {
      return model::Unreachable(server->record(lock));
    }
    if (effect == Effect::kValidateOnly) return absl::OkStatus();
    // What stays behind would be a server again after a restart of goferd.
    if (server->record(lock).resource.origin() == Server::CREATED) {
      absl::Status can = host_.state.CheckCanRemove(server->id());
      if (!can.ok()) return can;
    }
    absl::Status stopping =
        model_.SetState(lock, server->record(lock), Server::STOPPING);
    if (!stopping.ok()) return stopping;
  }
  NoteDeletion(server);
  return stopper_.Stop(server);
}

void ServerOperations::NoteDeletion(const model::ServerPtr& server) {
  {
    const ModelLock lock(model_);
    if (!server->record(lock).was_created()) return;
  }
  const absl::Status noted =
      host_.state.WriteServerFile(server->id(), gofers::kDeletedFile, "");
  if (noted.ok() || errors::ReasonOf(noted) == Reason::PATH_NOT_FOUND) return;
  // A full disk must not keep anybody from deleting it.
  Log().warn("{}: that it is being deleted is not written down: {}",
             server->name(), std::string(noted.message()));
}

absl::StatusOr<admin::Server> ServerOperations::SetDraining(
    absl::string_view id, absl::string_view etag, bool draining, Effect effect,
    Escapes escapes) {
  const auto wanted = draining ? Server::DRAINING : Server::ACTIVE;
  auto mutation = BeginMutation(id, etag);
  if (!mutation.ok()) return mutation.status();
  const model::ServerPtr& server = mutation->server();
  std::shared_ptr<link::GoferLink> link;
  Server present;
  Warnings warnings;
  bool later = false;
  {
    const ModelLock lock(model_);
    const model::ServerRecord& record = server->record(lock);
    later = MayKeep(record);
    if (absl::Status status = model::CheckServing(record);
        !status.ok() && !later) {
      return status;
    }
    if (draining) warnings = WarningsOfDrain(record);
    const bool is_done = record.resource.state() == wanted;
    if (escapes == Escapes::kRefuse && !is_done) {
      absl::Status none = CheckNoEscapes(
          absl::StrCat("the drain of ", server->name()), warnings);
      if (!none.ok()) return none;
    }
    link = record.link.current;
    present = record.resource;
  }
  if (later) {
    auto kept = SetDrainingLater(server, draining, effect);
    if (kept.ok()) *kept->mutable_warnings() = std::move(warnings);
    return kept;
  }
  if (present.state() == wanted || effect == Effect::kValidateOnly) {
    present.set_state(wanted);
    *present.mutable_warnings() = std::move(warnings);
    return present;
  }
  {
    const ModelLock lock(model_);
    server->record(lock).is_told_to_drain = draining;
  }
  absl::Status told = TellDraining(server, *link, present, draining);
  const ModelLock lock(model_);
  model::ServerRecord& record = server->record(lock);
  record.is_told_to_drain = false;
  if (!told.ok()) return told;
  record.SetDraining(draining, /*untold=*/false);
  if (draining) EndPending(lock, record);
  if (absl::Status status = model::CheckServing(record); !status.ok()) {
    return status;
  }
  absl::Status changed = model_.SetState(lock, record, wanted);
  if (!changed.ok()) return changed;
  Server drained = record.resource;
  *drained.mutable_warnings() = std::move(warnings);
  return drained;
}

absl::StatusOr<admin::Server> ServerOperations::SetDrainingLater(
    const model::ServerPtr& server, bool draining, Effect effect) {
  Server present;
  {
    const ModelLock lock(model_);
    present = server->record(lock).resource;
  }
  const bool is_done = present.draining() == draining;
  present.set_draining(draining);
  if (is_done || effect == Effect::kValidateOnly) return present;
  auto draft = Draft(server, present, draining, /*draining_untold=*/true);
  if (!draft.ok()) return draft.status();
  absl::Status kept = KeepForLater(*server, *std::move(draft));
  if (!kept.ok()) return kept;
  const ModelLock lock(model_);
  model::ServerRecord& record = server->record(lock);
  record.SetDraining(draining, /*untold=*/true);
  if (draining) EndPending(lock, record);
  model_.Changed(lock, record);
  return record.resource;
}

absl::Status ServerOperations::TellDraining(const model::ServerPtr& server,
                                            link::GoferLink& link,
                                            const Server& present,
                                            bool draining) {
  auto draft = Draft(server, present, draining);
  worker::v1::ToGofer ask;
  ask.mutable_set_draining()->set_draining(draining);
  const auto answer = link.Ask(std::move(ask));
  if (!answer.ok()) return answer.status();
  if (draft.ok()) {
    Keep(server, *std::move(draft));
  } else {
    // What is full must not keep anybody from draining it.
    Log().warn("{}: whether it drains is not written down for a restart: {}",
               server->name(), std::string(draft.status().message()));
  }
  return absl::OkStatus();
}

void ServerOperations::EndPending(const ModelLock& lock,
                                  model::ServerRecord& server) {
  tickets_.RevokeServer(server.id);
  for (auto& [connection_id, record] : server.connections) {
    if (record.resource.state() != admin::Connection::PENDING_ATTACH) continue;
    model_.End(lock, server, record, admin::Connection::ADMIN_STOP,
               "the server drains", settings_.ended_retention());
  }
}

}  // namespace goferd::supervisor
