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
  HandleExit(lock, record, record.gofer.process->Reap());
}

void ExitHandler::HandleExit(const ModelLock& lock, model::ServerRecord& server,
                             const process::GoferExit& end) {
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
  const bool adopted_end = !created && !end.exit_code && !end.signal;
  if (end.exit_code == 0 || adopted_end) {
    model_.EndAll(lock, server, admin::Connection::SERVER_SHUTDOWN,
                  "the gofer has ended", settings_.ended_retention());
    server.stopped_at = absl::Now();
    Log().info("{}: its gofer has ended", server.name());
    (void)model_.SetState(lock, server, Server::STOPPED);
    if (created) RecordEnd(server.id);
    // Its directory goes, or has the next gofer of that container already.
    if (!created) adopter_.AdoptNew(lock, server.id);
    return;
  }
  model_.CountGoferCrash();
  Log().error("{}: its gofer died: {}", server.name(), DescribeExit(end));
  model_.EndAll(lock, server, admin::Connection::GOFER_CRASHED,
                DescribeExit(end), settings_.ended_retention());
  MarkFailed(lock, model_, server, FailureOf(end));
  restarter_.RestartLater(lock, server);
}

void ExitHandler::RecordEnd(const std::string& server_id) {
  threads_.pool().Post({server_id}, [this, server_id] {
    const absl::Status noted =
        host_.state.WriteServerFile(server_id, kEndedFile, "");
    if (noted.ok()) return;
    Log().warn("{}: that it has ended is not written down: {}",
               names::FormatServerName(server_id),
               std::string(noted.message()));
  });
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
