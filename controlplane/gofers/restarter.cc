#include "controlplane/gofers/restarter.h"

#include <utility>

#include "controlplane/gofers/gofer_launcher.h"
#include "controlplane/gofers/kept_server.h"
#include "controlplane/gofers/restart_pace.h"
#include "controlplane/gofers/server_failure.h"
#include "controlplane/translate/time_conversion.h"
#include "controlplane/tree/served_tree.h"
#include "server/base/log.h"

namespace goferd::gofers {
namespace {

using gofer::base::Log;
using model::ModelLock;
using Server = admin::Server;

// Before the next try for a server that is being changed.
constexpr absl::Duration kBusyPause = absl::Milliseconds(100);
// Before a file that could not be read is read again.
constexpr absl::Duration kRepairPause = absl::Seconds(1);

}  // namespace

void Restarter::RestartLater(const model::ModelLock&,
                             model::ServerRecord& server) {
  server.gofer.next_start = absl::InfiniteFuture();
  if (server.resource.restart_policy() == Server::NEVER ||
      !server.was_created() || threads_.stopping()) {
    return;
  }
  if (!server.damage.bootstrap.empty()) return;
  if (!server.damage.overrides.empty()) {
    threads_.RunLater(kRepairPause, server.id,
                      [this, id = server.id] { Restart(id); });
    return;
  }
  if (absl::Now() - server.gofer.started_at > kHealthyLife) {
    server.gofer.failures_in_a_row = 0;
  }
  const absl::Duration pause = PauseBefore(++server.gofer.failures_in_a_row);
  server.gofer.next_start = absl::Now() + pause;
  threads_.RunLater(pause, server.id, [this, id = server.id] { Restart(id); });
}

std::optional<model::Mutation> Restarter::BeginRestart(
    const std::string& server_id) {
  const ModelLock lock(model_);
  const model::ServerPtr found = model_.Find(lock, server_id);
  if (found == nullptr || threads_.stopping()) return std::nullopt;
  model::ServerRecord& record = found->record(lock);
  if (record.gofer.process != nullptr ||
      record.resource.state() != Server::FAILED) {
    return std::nullopt;
  }
  auto mutation = model::Mutation::Begin(lock, model_, server_id, "");
  if (!mutation.ok()) {
    // Somebody deletes the server, or changes it.
    record.gofer.next_start = absl::Now() + kBusyPause;
    threads_.RunLater(kBusyPause, server_id,
                      [this, server_id] { Restart(server_id); });
    return std::nullopt;
  }
  record.resource.set_restart_count(record.resource.restart_count() + 1);
  // A try that fails before there is a gofer is no healthy life either.
  record.gofer.started_at = absl::Now();
  (void)model_.SetState(lock, record, Server::STARTING);
  return *std::move(mutation);
}

bool Restarter::HasOverrides(const std::string& server_id) {
  model::ServerPtr server;
  {
    const ModelLock lock(model_);
    server = model_.Find(lock, server_id);
    if (server == nullptr || server->record(lock).damage.overrides.empty()) {
      return true;
    }
  }
  const auto overrides = ReadKeptOverrides(host_.state, server_id);
  const ModelLock lock(model_);
  model::ServerRecord& record = server->record(lock);
  if (!overrides.ok()) {
    // Goes on waiting, unless it is deleted.
    if (model_.Find(lock, server_id) == server) RestartLater(lock, record);
    return false;
  }
  Log().info("{}: its rules and handlers can be read again", server->name());
  AddOverrides(lock, model_, *overrides, record);
  return true;
}

void Restarter::Restart(const std::string& server_id) {
  if (!HasOverrides(server_id)) return;
  const auto mutation = BeginRestart(server_id);
  if (!mutation) return;
  const model::ServerPtr& server = mutation->server();
  model_.CountGoferRestart();
  const absl::Status started = LaunchAgain(server);
  if (started.ok()) {
    Log().info("{}: a new gofer serves", server->name());
    return;
  }
  admin::ServerFailure failure;
  failure.set_reason(admin::ServerFailure::START_FAILED);
  failure.set_message(std::string(started.message()));
  *failure.mutable_failure_time() = translate::ToProto(absl::Now());
  KeepDeath(host_.state, server_id, failure, {});
  const ModelLock lock(model_);
  Log().error("{}: no new gofer: {}", server->name(),
              std::string(started.message()));
  model::ServerRecord& record = server->record(lock);
  if (record.resource.state() != Server::STARTING) return;
  MarkFailed(lock, model_, record, std::move(failure));
  RestartLater(lock, record);
}

// What was allowed when the server was made may not be any more.
absl::Status Restarter::LaunchAgain(const model::ServerPtr& server) {
  Server resource;
  std::string resolved_root;
  {
    const ModelLock lock(model_);
    resource = server->record(lock).resource;
    resolved_root = server->record(lock).resolved_root;
  }
  absl::Status allowed = settings_.CheckSandboxMode(resource.sandbox_mode());
  if (!allowed.ok()) return allowed;
  const auto tree = tree::ResolveTree(resource, resolved_root,
                                      settings_.config().allowed_roots());
  if (!tree.ok()) return tree.status();
  return launcher_.Launch(server, *tree);
}

}  // namespace goferd::gofers
