#include "controlplane/gofers/exit_handler.h"

#include <optional>
#include <utility>

#include "controlplane/gofers/adopter.h"
#include "controlplane/gofers/gofer_stopper.h"
#include "controlplane/gofers/kept_server.h"
#include "controlplane/gofers/restarter.h"
#include "controlplane/gofers/server_failure.h"
#include "controlplane/model/server_state.h"
#include "controlplane/names/resource_name.h"
#include "controlplane/translate/time_conversion.h"
#include "server/base/log.h"

namespace goferd::gofers {
using gofer::base::Log;
using model::ModelLock;
using Server = admin::Server;

void ExitHandler::OnExit(const std::string& server_id, uint64_t generation) {
  const ModelLock lock(model_);
  const model::ServerPtr server = model_.Find(lock, server_id);
  if (server == nullptr) return;
  model::ServerRecord& record = server->record(lock);
  if (record.gofer.generation != generation ||
      record.gofer.process == nullptr) {
    return;
  }
  // Now, since the descriptor stays readable; on this thread the reset waits
  // for nobody.
  record.gofer.watch.reset();
  if (threads_.stopping()) return;
  threads_.keeper().Post(
      [this, server_id, generation] { Settle(server_id, generation); });
}

std::optional<process::GoferExit> ExitHandler::FindExit(
    const ModelLock& lock, const model::ServerPtr& server,
    uint64_t generation) const {
  if (server == nullptr) return std::nullopt;
  const model::ServerRecord& record = server->record(lock);
  // A gofer without a process is one that an earlier goferd has left.
  const bool waits = record.gofer.process != nullptr ||
                     record.resource.state() == Server::UNREACHABLE;
  if (record.gofer.generation != generation || !waits) return std::nullopt;
  return record.gofer.process == nullptr ? process::GoferExit()
                                         : record.gofer.process->Reap();
}

void ExitHandler::Settle(const std::string& server_id, uint64_t generation) {
  std::optional<process::GoferExit> end;
  bool ended_by_itself = false;
  admin::ServerFailure failure;
  std::vector<admin::Connection> crashed;
  const absl::Time now = absl::Now();
  {
    const ModelLock lock(model_);
    const model::ServerPtr server = model_.Find(lock, server_id);
    end = FindExit(lock, server, generation);
    if (!end || threads_.stopping()) return;
    const model::ServerRecord& record = server->record(lock);
    // Nobody needs to know more of one that is deleted, or not ours.
    if (!record.was_created() || record.resource.state() == Server::STOPPING) {
      HandleExit(lock, server->record(lock), *end, now);
      return;
    }
    ended_by_itself = EndedByItself(record, *end);
    if (!ended_by_itself) crashed = Crashed(lock, record, *end, now);
  }
  if (ended_by_itself) {
    KeepEnd(server_id);
  } else {
    failure = FailureOf(*end);
    *failure.mutable_failure_time() = translate::ToProto(now);
    KeepDeath(host_.state, server_id, failure, crashed);
  }
  const ModelLock lock(model_);
  const model::ServerPtr server = model_.Find(lock, server_id);
  if (!FindExit(lock, server, generation)) return;
  HandleExit(lock, server->record(lock), *end, now);
}

bool ExitHandler::EndedByItself(const model::ServerRecord& server,
                                const process::GoferExit& end) {
  if (end.exit_code || end.signal) return end.exit_code == 0;
  return server.gofer.is_ending || !server.was_created();
}

std::vector<admin::Connection> ExitHandler::Crashed(
    const ModelLock&, const model::ServerRecord& server,
    const process::GoferExit& end, absl::Time now) const {
  std::vector<admin::Connection> crashed;
  size_t bytes = 0;
  for (const auto& [id, record] : server.connections) {
    if (!record.visible || model::HasEnded(record.resource.state())) continue;
    bytes += record.resource.ByteSizeLong();
    if (bytes > kMostDeathBytes) break;
    admin::Connection& connection = crashed.emplace_back(record.resource);
    connection.set_end_detail(DescribeExit(end));
    *connection.mutable_end_time() = translate::ToProto(now);
    *connection.mutable_purge_time() =
        translate::ToProto(now + settings_.ended_retention());
  }
  return crashed;
}

void ExitHandler::KeepEnd(const std::string& server_id) {
  const absl::Status noted =
      host_.state.WriteServerFile(server_id, kEndedFile, "");
  if (noted.ok()) return;
  Log().warn("{}: that it has ended is not written down: {}",
             names::FormatServerName(server_id), std::string(noted.message()));
}

void ExitHandler::HandleExit(const ModelLock& lock, model::ServerRecord& server,
                             const process::GoferExit& end, absl::Time time) {
  server.resource.set_gofer_pid(0);
  server.resource.clear_conditions();
  tickets_.RevokeServer(server.id);
  if (server.resource.state() == Server::STOPPING) {
    watch_.ReleaseLink(lock, server);
    model_.EndAll(lock, server, admin::Connection::SERVER_SHUTDOWN,
                  "the server was deleted", settings_.ended_retention());
    FinishStop(lock, server);
    return;
  }
  watch_.ReleaseGofer(lock, server);
  // What it had will not be imported any more.
  server.link.state_imported = true;
  model_.CheckWhetherAllAreImported(lock);
  const bool created = server.was_created();
  if (EndedByItself(server, end)) {
    model_.EndAll(lock, server, admin::Connection::SERVER_SHUTDOWN,
                  "the gofer has ended", settings_.ended_retention());
    server.stopped_at = absl::Now();
    Log().info("{}: its gofer has ended", server.name());
    (void)model_.SetState(lock, server, Server::STOPPED);
    // Its directory goes, or has the next gofer of that container already.
    if (!created) adopter_.AdoptNew(lock, server.id);
    return;
  }
  model_.CountGoferCrash();
  Log().error("{}: its gofer died: {}", server.name(), DescribeExit(end));
  for (auto& [id, connection] : server.connections) {
    model_.EndAt(lock, time, server, connection,
                 admin::Connection::GOFER_CRASHED, DescribeExit(end),
                 settings_.ended_retention());
  }
  admin::ServerFailure failure =
      server.damage.any() ? DamageOf(server) : FailureOf(end);
  *failure.mutable_failure_time() = translate::ToProto(time);
  MarkFailed(lock, model_, server, std::move(failure));
  restarter_.RestartLater(lock, server);
}

void ExitHandler::FinishStop(const model::ModelLock&,
                             const model::ServerRecord& server) {
  // GoferStopper waits for the process, unless it has given up.
  if (server.being_changed) return;
  threads_.pool().Post({server.id}, [this, id = server.id] {
    std::optional<model::Mutation> mutation;
    {
      const ModelLock lock(model_);
      auto begun = model::Mutation::Begin(lock, model_, id, "");
      // Somebody deletes it again.
      if (!begun.ok()) return;
      mutation.emplace(*std::move(begun));
      const auto state = mutation->server()->record(lock).resource.state();
      if (state != Server::STOPPING) return;
    }
    const absl::Status ended = stopper_.Stop(mutation->server());
    if (!ended.ok()) Log().error("{}", std::string(ended.message()));
  });
}

}  // namespace goferd::gofers
