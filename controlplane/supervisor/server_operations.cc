#include "controlplane/supervisor/server_operations.h"

#include <sys/resource.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"
#include "controlplane/gofers/gofer_starter.h"
#include "controlplane/model/server_state.h"
#include "controlplane/translate/connection_options.h"
#include "controlplane/translate/time_conversion.h"
#include "controlplane/translate/uuid.h"
#include "controlplane/tree/served_tree.h"
#include "goferd/state/v1/state.pb.h"
#include "goferd/worker/v1/frame.pb.h"
#include "server/base/log.h"

namespace goferd::supervisor {
namespace {

using errors::Reason;
using gofer::base::Log;
using gofer::base::MutexLock;
using Server = admin::Server;

constexpr int kRetryMs = 5000;

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

template <class Message>
bool Same(const Message& a, const Message& b) {
  return a.SerializeAsString() == b.SerializeAsString();
}

}  // namespace

admin::Server ServerOperations::Complete(const std::string& id,
                                         const Server& spec) const {
  Server server = spec;
  server.set_name(model::ServerName(id));
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
  CompleteLimits(context_.config.servers().default_limits(),
                 *server.mutable_limits());
  *server.mutable_default_connection_options() = translate::CompleteDefaults(
      spec.default_connection_options(),
      context_.config.connections().default_options());
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

absl::Status ServerOperations::CheckNew(const std::string& id,
                                        const Server& spec) const {
  if (absl::Status status = gofers::CheckRunning(context_); !status.ok())
    return status;
  const model::Model& model = context_.model;
  if (model.Find(id) != nullptr) {
    return errors::Error(
        Reason::SERVER_ALREADY_EXISTS,
        absl::StrCat("there is a server ", model::ServerName(id),
                     ": take another id, or delete it"),
        {{"resource", model::ServerName(id)}});
  }
  if (model.IsBeingAdopted(id)) {
    return errors::ErrorWithRetry(
        Reason::STARTING,
        absl::StrCat("goferd looks for a gofer of ", model::ServerName(id),
                     " that lives already: try again"),
        kRetryMs, {{"resource", model::ServerName(id)}});
  }
  const auto limit =
      static_cast<size_t>(context_.config.servers().max_servers());
  if (model.servers().size() >= limit) {
    return errors::ErrorWithRetry(
        Reason::PROCESS_LIMIT,
        absl::StrCat("this node has ", model.servers().size(),
                     " servers, as many as it may have: delete one"),
        kRetryMs,
        {{"limit", absl::StrCat(limit)},
         {"used", absl::StrCat(model.servers().size())}});
  }
  if (absl::Status status =
          gofers::CheckSandboxMode(context_, spec.sandbox_mode());
      !status.ok()) {
    return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<admin::Server> ServerOperations::Create(absl::string_view name,
                                                       const Server& spec,
                                                       Effect effect) {
  const std::string id(name);
  model::Model& model = context_.model;
  {
    MutexLock lock(model.mu);
    if (absl::Status status = CheckNew(id, spec); !status.ok()) return status;
  }
  const auto tree = tree::ResolveTree(
      spec, spec.has_oci_bundle() ? spec.oci_bundle() : spec.root(),
      context_.config.allowed_roots());
  if (!tree.ok()) return tree.status();
  auto server = std::make_shared<model::ServerRecord>();
  server->id = id;
  server->resource = Complete(id, spec);
  server->resolved_root = tree->path;
  if (effect == Effect::kValidateOnly) return server->resource;
  server->resource.set_uid(translate::NewUuid());
  {
    MutexLock lock(model.mu);
    // Another one may have been faster.
    if (absl::Status status = CheckNew(id, spec); !status.ok()) return status;
    server->busy = true;
    model.Add(server);
  }
  const absl::Status started = lifecycle_.StartGofer(server, *tree);
  if (!started.ok()) {
    (void)context_.state.RemoveServer(id);
    MutexLock lock(model.mu);
    ++server->generation;
    model.Remove(server);
    return started;
  }
  MutexLock lock(model.mu);
  server->busy = false;
  return server->resource;
}

absl::StatusOr<admin::Server> ServerOperations::Get(
    absl::string_view id) const {
  MutexLock lock(context_.model.mu);
  const model::Model::ServerPtr server = context_.model.Find(id);
  if (server == nullptr) return model::Model::NoServer(id);
  return server->resource;
}

int64_t ServerOperations::Visit(
    absl::string_view after,
    absl::FunctionRef<bool(const Server&)> visit) const {
  MutexLock lock(context_.model.mu);
  const auto& servers = context_.model.servers();
  for (auto server = servers.upper_bound(after); server != servers.end();
       ++server) {
    if (!visit(server->second->resource)) break;
  }
  return context_.events.revision();
}

absl::Status ServerOperations::TellGofer(const model::Model::ServerPtr& server,
                                         const Server& before,
                                         const Server& after, Effect effect) {
  std::shared_ptr<link::GoferLink> link;
  std::shared_ptr<process::GoferProcess> process;
  {
    MutexLock lock(context_.model.mu);
    if (absl::Status status = model::CheckServing(*server); !status.ok()) {
      return status;
    }
    link = server->link;
    process = server->process;
    if (!Same(before.limits(), after.limits())) {
      absl::Status can =
          model::CheckCan(*server, worker::v1::CAPABILITY_LIMITS);
      if (!can.ok()) return can;
    }
  }
  if (effect == Effect::kValidateOnly) return absl::OkStatus();
  if (!Same(before.limits(), after.limits())) {
    worker::v1::ToGofer ask;
    *ask.mutable_set_limits()->mutable_limits() =
        gofers::ToWorker(after.limits());
    const auto answer = link->Ask(std::move(ask));
    if (!answer.ok()) return answer.status();
  }
  const int64_t max_memory = after.limits().max_memory_bytes();
  if (process == nullptr || max_memory == before.limits().max_memory_bytes()) {
    return absl::OkStatus();
  }
  return process->SetMaxMemory(max_memory);
}

absl::StatusOr<ServerOperations::ChangeDraft> ServerOperations::Draft(
    const model::Model::ServerPtr& server, const Server& after, bool draining) {
  worker::v1::Bootstrap bootstrap;
  {
    MutexLock lock(context_.model.mu);
    bootstrap = gofers::MakeBootstrap(context_, *server);
  }
  *bootstrap.mutable_limits() = gofers::ToWorker(after.limits());
  state::v1::ServerState kept;
  *kept.mutable_server() = after;
  kept.set_resolved_root(server->resolved_root);
  kept.set_draining(draining);
  bootstrap.set_daemon_data(kept.SerializeAsString());
  // One that we did not start is never started again.
  if (after.origin() != Server::CREATED) {
    return ChangeDraft{state::FileDraft(), bootstrap.daemon_data()};
  }
  auto file = context_.state.DraftServerFile(server->id, "bootstrap.pb",
                                             bootstrap.SerializeAsString());
  if (!file.ok()) return file.status();
  return ChangeDraft{*std::move(file), bootstrap.daemon_data()};
}

void ServerOperations::Keep(const model::Model::ServerPtr& server,
                            ChangeDraft draft) {
  const auto kept = draft.file.PutInPlace();
  if (!kept.ok()) {
    Log().warn("{}: a change is not written down for a restart: {}",
               server->name(), std::strerror(kept.error().number()));
  }
  std::shared_ptr<link::GoferLink> link;
  {
    MutexLock lock(context_.model.mu);
    link = server->link;
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

absl::StatusOr<admin::Server> ServerOperations::Update(
    absl::string_view id, absl::string_view etag, Effect effect,
    absl::FunctionRef<absl::Status(Server&)> change) {
  model::Model& model = context_.model;
  std::optional<model::Mutation> mutation;
  Server before;
  {
    MutexLock lock(model.mu);
    if (absl::Status status = gofers::CheckRunning(context_); !status.ok()) {
      return status;
    }
    auto begun = model::Mutation::Begin(model, id, etag);
    if (!begun.ok()) return begun.status();
    mutation.emplace(*std::move(begun));
    before = mutation->server()->resource;
  }
  Server after = before;
  if (absl::Status status = change(after); !status.ok()) return status;
  // Limits that were not asked for stay as they are: an adopted gofer has none
  // for some of them, and cannot change any.
  if (!Same(before.limits(), after.limits())) {
    CompleteLimits(context_.config.servers().default_limits(),
                   *after.mutable_limits());
  }
  if (!Same(before.default_connection_options(),
            after.default_connection_options())) {
    *after.mutable_default_connection_options() = translate::CompleteDefaults(
        after.default_connection_options(),
        context_.config.connections().default_options());
  }
  ReadTtl(after);
  absl::Status told =
      TellGofer(mutation->server(), before, after, Effect::kValidateOnly);
  if (!told.ok()) return told;
  if (effect == Effect::kValidateOnly) return after;
  auto draft = Draft(mutation->server(), after, mutation->server()->draining);
  if (!draft.ok()) return draft.status();
  told = TellGofer(mutation->server(), before, after, Effect::kReal);
  if (!told.ok()) return told;
  model::ServerRecord& server = *mutation->server();
  Server changed;
  {
    MutexLock lock(model.mu);
    // The state may have changed meanwhile; what we change has not.
    Server& resource = server.resource;
    *resource.mutable_labels() = after.labels();
    *resource.mutable_limits() = after.limits();
    *resource.mutable_default_connection_options() =
        after.default_connection_options();
    resource.clear_expiration();
    if (after.has_expire_time()) {
      *resource.mutable_expire_time() = after.expire_time();
    }
    model.Changed(server);
    changed = resource;
  }
  Keep(mutation->server(), *std::move(draft));
  return changed;
}

absl::Status ServerOperations::Delete(absl::string_view id,
                                      absl::string_view etag, Force force,
                                      Effect effect) {
  model::Model& model = context_.model;
  std::optional<model::Mutation> mutation;
  {
    MutexLock lock(model.mu);
    if (absl::Status status = gofers::CheckRunning(context_); !status.ok()) {
      return status;
    }
    auto begun = model::Mutation::Begin(model, id, etag);
    if (!begun.ok()) return begun.status();
    mutation.emplace(*std::move(begun));
  }
  const model::Model::ServerPtr& server = mutation->server();
  {
    MutexLock lock(model.mu);
    const int64_t live = server->live_connections();
    if (live > 0 && force == Force::kNo) {
      return errors::Error(
          Reason::SERVER_NOT_EMPTY,
          absl::StrCat(server->name(), " has ", live,
                       " connections: drain it and wait, or set force"),
          {{"resource", server->name()}, {"used", absl::StrCat(live)}});
    }
    // What it has is not known.
    const bool silent = server->resource.state() == Server::UNREACHABLE ||
                        (server->resource.state() == Server::FAILED &&
                         server->process != nullptr);
    if (silent && force == Force::kNo) {
      return model::Unreachable(*server);
    }
    if (effect == Effect::kValidateOnly) return absl::OkStatus();
    // What stays behind would be a server again after a restart of goferd.
    if (server->resource.origin() == Server::CREATED) {
      absl::Status can = context_.state.CheckCanRemove(server->id);
      if (!can.ok()) return can;
    }
    absl::Status stopping = model.SetState(*server, Server::STOPPING);
    if (!stopping.ok()) return stopping;
  }
  return lifecycle_.EndGofer(server);
}

absl::StatusOr<admin::Server> ServerOperations::SetDraining(
    absl::string_view id, absl::string_view etag, bool draining,
    Effect effect) {
  model::Model& model = context_.model;
  const auto wanted = draining ? Server::DRAINING : Server::ACTIVE;
  std::optional<model::Mutation> mutation;
  std::shared_ptr<link::GoferLink> link;
  Server present;
  {
    MutexLock lock(model.mu);
    if (absl::Status status = gofers::CheckRunning(context_); !status.ok()) {
      return status;
    }
    auto begun = model::Mutation::Begin(model, id, etag);
    if (!begun.ok()) return begun.status();
    mutation.emplace(*std::move(begun));
  }
  const model::Model::ServerPtr& server = mutation->server();
  {
    MutexLock lock(model.mu);
    if (absl::Status status = model::CheckServing(*server); !status.ok()) {
      return status;
    }
    if (server->resource.state() == wanted) return server->resource;
    if (effect == Effect::kValidateOnly) {
      Server would = server->resource;
      would.set_state(wanted);
      return would;
    }
    link = server->link;
    present = server->resource;
  }
  auto draft = Draft(server, present, draining);
  worker::v1::ToGofer ask;
  ask.mutable_set_draining()->set_draining(draining);
  const auto answer = link->Ask(std::move(ask));
  if (!answer.ok()) return answer.status();
  if (draft.ok()) {
    Keep(server, *std::move(draft));
  } else {
    // What is full must not keep anybody from draining it.
    Log().warn("{}: whether it drains is not written down for a restart: {}",
               server->name(), std::string(draft.status().message()));
  }
  MutexLock lock(model.mu);
  server->draining = draining;
  if (draining) {
    context_.tickets.RevokeServer(server->id);
    for (auto& [connection_id, record] : server->connections) {
      if (record.resource.state() != admin::Connection::PENDING_ATTACH)
        continue;
      model.End(*server, record, admin::Connection::ADMIN_STOP,
                "the server drains", context_.ended_retention());
    }
  }
  if (absl::Status status = model::CheckServing(*server); !status.ok())
    return status;
  absl::Status changed = model.SetState(*server, wanted);
  if (!changed.ok()) return changed;
  return server->resource;
}

}  // namespace goferd::supervisor
