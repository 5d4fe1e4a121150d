// Lifecycle's part for gofers that live and do not answer.

#include <algorithm>
#include <utility>

#include "controlplane/errors/error.h"
#include "controlplane/gofers/kept_server.h"
#include "controlplane/gofers/lifecycle.h"
#include "server/base/log.h"

namespace goferd::gofers {
namespace {

using gofer::base::Log;
using gofer::base::MutexLock;
using Server = admin::Server;

// A link that held for so long was no failure.
constexpr absl::Duration kHealthyLink = absl::Minutes(1);
constexpr absl::Duration kFirstLinkPause = absl::Milliseconds(20);
constexpr absl::Duration kLongestLinkPause = absl::Seconds(5);
// The kernel closes the sockets of a process a moment before it is dead.
constexpr absl::Duration kDeathRattle = absl::Milliseconds(20);

// Before the n-th link in a row, n from 0.
absl::Duration PauseBeforeLink(int link) {
  if (link == 0) return absl::ZeroDuration();
  const int doublings = std::min(link - 1, 20);
  return std::min(kFirstLinkPause * (int64_t{1} << doublings),
                  kLongestLinkPause);
}

}  // namespace

void Lifecycle::OnClosed(const std::string& server_id,
                         uint64_t link_generation) {
  if (context_.stopping) return;
  context_.loop->After(kDeathRattle, [this, server_id, link_generation] {
    LoseLink(server_id, link_generation);
  });
}

void Lifecycle::LoseLink(const std::string& server_id,
                         uint64_t link_generation) {
  MutexLock lock(context_.model.mu);
  const model::Model::ServerPtr server = context_.model.Find(server_id);
  if (server == nullptr || server->link_generation != link_generation ||
      server->link == nullptr || context_.stopping) {
    return;
  }
  LetGoOfLink(*server);
  MarkUnreachable(*server);
  if (server->resource.state() == Server::UNREACHABLE) ReconnectLater(*server);
}

// One that hangs keeps its link: its next answer says that it goes on, and
// nothing has to be asked meanwhile.
void Lifecycle::OnAnswering(const std::string& server_id,
                            uint64_t link_generation, bool answers) {
  MutexLock lock(context_.model.mu);
  const model::Model::ServerPtr server = context_.model.Find(server_id);
  if (server == nullptr || server->link_generation != link_generation ||
      context_.stopping) {
    return;
  }
  // Even where its answer came before anybody was told of the silence.
  MarkUnreachable(*server);
  if (answers && server->resource.state() == Server::UNREACHABLE) {
    // Requests whose answers were not waited for may have had their effect.
    ReconnectLater(*server);
  }
}

void Lifecycle::MarkUnreachable(model::ServerRecord& server) {
  const auto state = server.resource.state();
  if (state != Server::ACTIVE && state != Server::DRAINING) return;
  Log().warn("{}: its gofer does not answer any more", server.name());
  if (absl::Now() - server.linked_at > kHealthyLink) {
    server.reconnects_in_a_row = 0;
  }
  (void)context_.model.SetState(server, Server::UNREACHABLE);
}

void Lifecycle::ReconnectLater(model::ServerRecord& server) {
  if (std::exchange(server.reconnecting, true)) return;
  const absl::Duration pause = PauseBeforeLink(server.reconnects_in_a_row++);
  context_.loop->After(
      pause, [this, id = server.id, generation = server.generation] {
        context_.adopters.Post(
            [this, id, generation] { Reconnect(id, generation); });
      });
}

bool Lifecycle::FindProcess(const model::Model::ServerPtr& server) {
  {
    MutexLock lock(context_.model.mu);
    if (server->process != nullptr && server->watch == nullptr &&
        server->process->WaitForEnd(absl::ZeroDuration())) {
      TakeNoteOfEnd(*server, server->process->Reap());
      return false;
    }
    if (server->process != nullptr) return true;
    // That of another's is known with its link.
    if (server->resource.origin() != Server::CREATED) return false;
  }
  auto process = FindConfined(server->id);
  MutexLock lock(context_.model.mu);
  if (server->resource.state() != Server::UNREACHABLE) return false;
  if (process.ok()) {
    WatchProcess(*server, *std::move(process));
    return true;
  }
  if (errors::ReasonOf(process.status()) == errors::Reason::PATH_NOT_FOUND) {
    TakeNoteOfEnd(*server, {});
  }
  return false;
}

void Lifecycle::Reconnect(const std::string& server_id, uint64_t generation) {
  model::Model::ServerPtr server;
  auto origin = Origin::kOurs;
  {
    MutexLock lock(context_.model.mu);
    server = context_.model.Find(server_id);
    if (server == nullptr || server->generation != generation) return;
    server->reconnecting = false;
    if (server->resource.state() != Server::UNREACHABLE || context_.stopping) {
      return;
    }
    if (!context_.model.BeginAdoption(server_id)) {
      ReconnectLater(*server);
      return;
    }
    if (server->resource.origin() != Server::CREATED) origin = Origin::kForeign;
  }
  Hailed hailed;
  if (FindProcess(server)) {
    absl::Status status = Hail(server_id, origin, hailed);
    if (status.ok()) status = TakeOver(server, hailed);
    if (!status.ok()) NotTakenOver(server, hailed, status);
  } else {
    MutexLock lock(context_.model.mu);
    if (server->resource.state() == Server::UNREACHABLE) {
      ReconnectLater(*server);
    }
  }
  EndAdoption(server_id);
}

}  // namespace goferd::gofers
