#include "controlplane/gofers/reconnector.h"

#include <algorithm>
#include <utility>

#include "controlplane/errors/error.h"
#include "controlplane/gofers/exit_handler.h"
#include "controlplane/gofers/kept_server.h"
#include "controlplane/gofers/takeover.h"
#include "server/base/log.h"

namespace goferd::gofers {
namespace {

using gofer::base::Log;
using model::ModelLock;
using Server = admin::Server;

// The end of a link that held for so long was no failure.
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

void Reconnector::OnClosed(const std::string& server_id,
                           uint64_t link_generation) {
  if (threads_.stopping()) return;
  threads_.loop().After(kDeathRattle, [this, server_id, link_generation] {
    LoseLink(server_id, link_generation);
  });
}

void Reconnector::LoseLink(const std::string& server_id,
                           uint64_t link_generation) {
  const ModelLock lock(model_);
  const model::ServerPtr server = model_.Find(lock, server_id);
  if (server == nullptr || threads_.stopping()) return;
  model::ServerRecord& record = server->record(lock);
  if (record.link.generation != link_generation ||
      record.link.current == nullptr) {
    return;
  }
  watch_.ReleaseLink(lock, record);
  MarkUnreachable(lock, record);
  if (record.resource.state() == Server::UNREACHABLE) {
    ReconnectLater(lock, record);
  }
}

void Reconnector::OnAnswering(const std::string& server_id,
                              uint64_t link_generation, bool answers) {
  const ModelLock lock(model_);
  const model::ServerPtr server = model_.Find(lock, server_id);
  if (server == nullptr || threads_.stopping()) return;
  model::ServerRecord& record = server->record(lock);
  if (record.link.generation != link_generation) return;
  // Even where its answer came before anybody was told of the silence.
  MarkUnreachable(lock, record);
  if (answers && record.resource.state() == Server::UNREACHABLE) {
    // Requests whose answers were not waited for may have had their effect.
    ReconnectLater(lock, record);
  }
}

void Reconnector::MarkUnreachable(const ModelLock& lock,
                                  model::ServerRecord& server) {
  const auto state = server.resource.state();
  if (state != Server::ACTIVE && state != Server::DRAINING) return;
  Log().warn("{}: its gofer does not answer any more", server.name());
  if (absl::Now() - server.link.established_at > kHealthyLink) {
    server.link.reconnects_in_a_row = 0;
  }
  (void)model_.SetState(lock, server, Server::UNREACHABLE);
}

void Reconnector::ReconnectLater(const ModelLock&,
                                 model::ServerRecord& server) {
  if (std::exchange(server.link.reconnecting, true)) return;
  const absl::Duration pause =
      PauseBeforeLink(server.link.reconnects_in_a_row++);
  threads_.AdoptLater(
      pause, server.id,
      [this, id = server.id, generation = server.gofer.generation] {
        Reconnect(id, generation);
      });
}

bool Reconnector::FindProcess(const model::ServerPtr& server) {
  uint64_t generation = 0;
  {
    const ModelLock lock(model_);
    model::ServerRecord& record = server->record(lock);
    generation = record.gofer.generation;
    const bool has_ended =
        record.gofer.process != nullptr && record.gofer.watch == nullptr &&
        record.gofer.process->WaitForEnd(absl::ZeroDuration());
    if (record.gofer.process != nullptr && !has_ended) return true;
    // The process of an adopted gofer is known with its link.
    if (!has_ended && !record.was_created()) return false;
    if (!has_ended) generation = 0;
  }
  if (generation != 0) {
    exits_.Settle(server->id(), generation);
    return false;
  }
  auto process = FindConfinedProcess(model_, host_, server->id());
  {
    const ModelLock lock(model_);
    model::ServerRecord& record = server->record(lock);
    if (record.resource.state() != Server::UNREACHABLE) return false;
    if (process.ok()) {
      watch_.Watch(lock, record, *std::move(process));
      return true;
    }
    generation = record.gofer.generation;
  }
  if (errors::ReasonOf(process.status()) == errors::Reason::PATH_NOT_FOUND) {
    exits_.Settle(server->id(), generation);
  }
  return false;
}

void Reconnector::Reconnect(const std::string& server_id, uint64_t generation) {
  model::ServerPtr server;
  auto origin = Origin::kCreated;
  {
    const ModelLock lock(model_);
    server = model_.Find(lock, server_id);
    if (server == nullptr) return;
    model::ServerRecord& record = server->record(lock);
    if (record.gofer.generation != generation) return;
    record.link.reconnecting = false;
    if (record.resource.state() != Server::UNREACHABLE || threads_.stopping()) {
      return;
    }
    if (!model_.BeginAdoption(lock, server_id)) {
      ReconnectLater(lock, record);
      return;
    }
    if (!record.was_created()) origin = Origin::kAdopted;
  }
  const bool found = FindProcess(server);
  if (found) {
    AdoptedLink adopted;
    absl::Status status = takeover_.ConnectAndAdopt(server_id, origin, adopted);
    if (status.ok()) status = takeover_.TakeOver(server, adopted);
    if (!status.ok()) takeover_.HandleFailedAdoption(server, adopted, status);
  }
  const ModelLock lock(model_);
  model::ServerRecord& record = server->record(lock);
  if (!found && record.resource.state() == Server::UNREACHABLE) {
    ReconnectLater(lock, record);
  }
  model_.EndAdoption(lock, server_id);
}

}  // namespace goferd::gofers
