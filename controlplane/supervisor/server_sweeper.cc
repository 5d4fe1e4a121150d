#include "controlplane/supervisor/server_sweeper.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "controlplane/link/fan_out.h"
#include "controlplane/link/paged_lists.h"
#include "controlplane/model/server_state.h"
#include "controlplane/translate/time_conversion.h"
#include "goferd/worker/v1/frame.pb.h"
#include "server/base/log.h"

namespace goferd::supervisor {
namespace {

using gofer::base::Log;
using model::ModelLock;
using Server = admin::Server;

constexpr int kMostHolders = 16;

bool IsOver(const Server& server, absl::Time now) {
  return server.has_expire_time() &&
         translate::ToTime(server.expire_time()) <= now;
}

}  // namespace

void ServerSweeper::Sweep(absl::Time now) {
  const ModelLock lock(model_);
  for (const auto& [id, server] : model_.servers(lock)) {
    const std::string server_id = id;
    const auto state = server->record(lock).resource.state();
    const bool forgotten =
        (state == Server::STOPPED || state == Server::FAILED) &&
        server->record(lock).resource.origin() == Server::ADOPTED &&
        server->record(lock).stopped_at + settings_.ended_retention() <= now;
    if (!forgotten && !IsOver(server->record(lock).resource, now)) continue;
    if (server->record(lock).being_changed) continue;
    const bool serves = state == Server::ACTIVE || state == Server::DRAINING;
    if (serves && server->record(lock).live_connections() > 0) {
      if (state == Server::DRAINING) continue;
      ChangeLater(server_id, [this, server_id] { DrainExpired(server_id); });
      continue;
    }
    if (state == Server::STARTING || state == Server::UNREACHABLE) continue;
    ChangeLater(server_id, [this, server_id] {
      (void)servers_.Delete(server_id, "", Force::kNo, Effect::kReal);
    });
  }
}

void ServerSweeper::ChangeLater(const std::string& server_id,
                                std::function<void()> change) {
  {
    const gofer::base::MutexLock lock(mu_);
    if (!changing_.insert(server_id).second) return;
  }
  threads_.pool().Post({server_id},
                       [this, server_id, change = std::move(change)] {
                         change();
                         const gofer::base::MutexLock lock(mu_);
                         changing_.erase(server_id);
                       });
}

void ServerSweeper::DrainExpired(const std::string& server_id) {
  const auto drained =
      servers_.SetDraining(server_id, "", true, Effect::kReal, Escapes::kWarn);
  if (!drained.ok()) return;  // The next sweep tries again.
  for (const auto& warning : drained->warnings()) {
    Log().warn("{} has expired and drains: {} ({} connections, {})",
               drained->name(), warning.message(), warning.connection_count(),
               absl::StrJoin(warning.connections(), ", "));
  }
}

void ServerSweeper::RefreshHolders() {
  std::vector<std::pair<model::ServerPtr, std::shared_ptr<link::GoferLink>>>
      waiting;
  {
    const ModelLock lock(model_);
    for (const auto& [id, server] : model_.servers(lock)) {
      const auto state = server->record(lock).resource.state();
      if ((state == Server::DRAINING || state == Server::STOPPING) &&
          server->record(lock).link.current != nullptr &&
          server->record(lock).live_connections() > 0) {
        waiting.emplace_back(server, server->record(lock).link.current);
      }
    }
  }
  const link::FanOut fan_out(settings_.control_timeout());
  fan_out.Run(waiting.size(), [&](size_t i) {
    RefreshHoldersOf(waiting[i].first, *waiting[i].second, fan_out);
  });
}

void ServerSweeper::RefreshHoldersOf(const model::ServerPtr& server,
                                     link::GoferLink& link,
                                     const link::FanOut& fan_out) {
  worker::v1::ListConnections live;
  live.set_which(worker::v1::ListConnections::LIVE);
  live.set_without_daemon_data(true);
  const absl::Status read = link::PagedLists::Connections(
      link, live, [&] { return fan_out.time_left(); },
      [&](const worker::v1::ConnectionList& page) {
        TakeOpenFiles(*server, page);
        return true;
      });
  if (!read.ok()) return;
  worker::v1::ToGofer busy;
  busy.mutable_list_inflight();
  const auto inflight = link.AskFor(fan_out.time_left(), std::move(busy));
  if (!inflight.ok()) return;
  const ModelLock lock(model_);
  SetHolders(lock, server->record(lock), inflight->inflight());
}

void ServerSweeper::TakeOpenFiles(model::ServerEntry& server,
                                  const worker::v1::ConnectionList& page) {
  const ModelLock lock(model_);
  for (const auto& from : page.connections()) {
    model::ConnectionRecord* const record =
        model_.FindConnection(lock, server.record(lock), from.uid());
    if (record != nullptr) record->open_files = from.open_file_count();
  }
}

void ServerSweeper::SetHolders(const ModelLock&, model::ServerRecord& server,
                               const worker::v1::InflightList& inflight) {
  server.resource.clear_holders();
  // The oldest request of each connection is listed first.
  std::map<std::string, const worker::v1::InflightRequest*> oldest;
  for (const auto& request : inflight.requests()) {
    oldest.emplace(request.connection_uid(), &request);
  }
  std::vector<const model::ConnectionRecord*> live;
  for (const auto& [id, record] : server.connections) {
    if (!model::HasEnded(record.resource.state())) live.push_back(&record);
  }
  std::sort(
      live.begin(), live.end(),
      [](const model::ConnectionRecord* a, const model::ConnectionRecord* b) {
        return translate::ToTime(a->resource.create_time()) <
               translate::ToTime(b->resource.create_time());
      });
  for (const model::ConnectionRecord* record : live) {
    if (server.resource.holders_size() == kMostHolders) return;
    auto& holder = *server.resource.add_holders();
    holder.set_connection(record->resource.name());
    holder.set_open_file_count(static_cast<int32_t>(record->open_files));
    const auto request = oldest.find(record->resource.uid());
    if (request == oldest.end()) continue;
    holder.set_oldest_request_mid(
        static_cast<admin::Mid>(request->second->mid()));
    *holder.mutable_oldest_request_time() = translate::ToProto(
        absl::Now() - absl::Nanoseconds(request->second->age_ns()));
  }
}

}  // namespace goferd::supervisor
