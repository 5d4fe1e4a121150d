// Lifecycle's part that starts new gofers for dead ones.

#include <signal.h>

#include <optional>
#include <utility>

#include "controlplane/errors/error.h"
#include "controlplane/gofers/kept_server.h"
#include "controlplane/gofers/lifecycle.h"
#include "controlplane/gofers/restart_pace.h"
#include "controlplane/gofers/waiting_gofer.h"
#include "controlplane/model/server_state.h"
#include "controlplane/tree/served_tree.h"
#include "goferd/worker/v1/frame.pb.h"
#include "server/base/log.h"

namespace goferd::gofers {
namespace {

using gofer::base::Log;
using gofer::base::MutexLock;
using Server = admin::Server;

// For one whose server is being changed.
constexpr absl::Duration kBusyPause = absl::Milliseconds(100);

}  // namespace

void Lifecycle::RestartLater(model::ServerRecord& server) {
  if (server.resource.restart_policy() == Server::NEVER ||
      server.resource.origin() != Server::CREATED || context_.stopping) {
    return;
  }
  if (absl::Now() - server.started_at > kHealthyLife) {
    server.failures_in_a_row = 0;
  }
  const absl::Duration pause = PauseBefore(++server.failures_in_a_row);
  const std::string id = server.id;
  context_.loop->After(
      pause, [this, id] { context_.pool.Post([this, id] { Restart(id); }); });
}

void Lifecycle::Restart(const std::string& server_id) {
  model::Model& model = context_.model;
  std::optional<model::Mutation> mutation;
  {
    MutexLock lock(model.mu);
    const model::Model::ServerPtr found = model.Find(server_id);
    if (found == nullptr || context_.stopping || found->process != nullptr ||
        found->resource.state() != Server::FAILED) {
      return;
    }
    auto begun = model::Mutation::Begin(model, server_id, "");
    if (!begun.ok()) {
      // Somebody deletes it, or changes it.
      context_.loop->After(kBusyPause, [this, server_id] {
        context_.pool.Post([this, server_id] { Restart(server_id); });
      });
      return;
    }
    mutation.emplace(*std::move(begun));
    found->resource.set_restart_count(found->resource.restart_count() + 1);
    // A try that fails before there is a gofer is no healthy life either.
    found->started_at = absl::Now();
    (void)model.SetState(*found, Server::STARTING);
  }
  const model::Model::ServerPtr& server = mutation->server();
  context_.gofer_restarts.fetch_add(1);
  const absl::Status started = StartAgain(server);
  if (started.ok()) {
    Log().info("{}: a new gofer serves", server->name());
    return;
  }
  MutexLock lock(model.mu);
  Log().error("{}: no new gofer: {}", server->name(),
              std::string(started.message()));
  if (server->resource.state() != Server::STARTING) return;
  admin::ServerFailure failure;
  failure.set_reason(admin::ServerFailure::START_FAILED);
  failure.set_message(std::string(started.message()));
  Fail(*server, std::move(failure));
  RestartLater(*server);
}

// What was allowed when the server was made may not be any more.
absl::Status Lifecycle::StartAgain(const model::Model::ServerPtr& server) {
  Server resource;
  {
    MutexLock lock(context_.model.mu);
    resource = server->resource;
  }
  absl::Status allowed = CheckSandboxMode(context_, resource.sandbox_mode());
  if (!allowed.ok()) return allowed;
  const auto tree = tree::ResolveTree(resource, server->resolved_root,
                                      context_.config.allowed_roots());
  if (!tree.ok()) return tree.status();
  return StartGofer(server, *tree);
}

void Lifecycle::EndUnused(const std::string& id,
                          const model::Model::ServerPtr& server,
                          process::GoferProcess& process) {
  process.Kill(SIGKILL);
  // OnExit goes on for a server that had a gofer before this one.
  if (server != nullptr) return;
  (void)process.WaitForEnd(context_.control_timeout());
  Bury(id);
}

void Lifecycle::Bury(const std::string& id) {
  // One that we started and knew nothing of yet when we died has nothing to
  // serve; it must not live on beside its successor.
  Hailed hailed;
  const absl::Status adopted = Hail(id, Origin::kOurs, hailed);
  if (adopted.ok()) {
    worker::v1::ToGofer ask;
    ask.mutable_shutdown()->set_close_timeout_ns(0);
    (void)hailed.link->Ask(std::move(ask));
  } else if (IsWaiting(adopted)) {
    gofers::AskToEnd(context_, context_.state.ControlPath(id));
  }
  model::Model::ServerPtr server;
  {
    MutexLock lock(context_.model.mu);
    server = context_.model.Find(id);
  }
  if (server == nullptr) {
    // Never got ready: CreateServer had not answered.
    const absl::Status removed = context_.state.RemoveServer(id);
    Log().warn("what is left of servers/{} is removed{}", id,
               removed.ok() ? "" : ": " + std::string(removed.message()));
    return;
  }
  if (context_.state.ReadServerFile(id, kEndedFile).ok()) {
    Log().info("{}: its gofer has ended", server->name());
    MutexLock lock(context_.model.mu);
    server->stopped_at = absl::Now();
    (void)context_.model.SetState(*server, Server::STOPPED);
    NoteWhetherAllAreAdopted();
    return;
  }
  Log().error("{}: its gofer died while goferd was away", server->name());
  context_.gofer_crashes.fetch_add(1);
  MutexLock lock(context_.model.mu);
  admin::ServerFailure failure;
  failure.set_reason(admin::ServerFailure::CRASHED);
  failure.set_message("it died while goferd was away");
  Fail(*server, std::move(failure));
  RestartLater(*server);
}

}  // namespace goferd::gofers
