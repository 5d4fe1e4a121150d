#include "controlplane/supervisor/server_sweeper.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/model/server_state.h"
#include "controlplane/translate/time_conversion.h"
#include "goferd/worker/v1/frame.pb.h"

namespace goferd::supervisor {
namespace {

using gofer::base::MutexLock;
using Server = admin::Server;

constexpr int kMostHolders = 16;

bool IsOver(const Server& server, absl::Time now) {
  return server.has_expire_time() &&
         translate::ToTime(server.expire_time()) <= now;
}

}  // namespace

void ServerSweeper::Sweep(absl::Time now) {
  MutexLock lock(context_.model.mu);
  for (const auto& [id, server] : context_.model.servers()) {
    const std::string server_id = id;
    const auto state = server->resource.state();
    const bool forgotten =
        state == Server::STOPPED &&
        server->resource.origin() == Server::ADOPTED &&
        server->stopped_at + context_.ended_retention() <= now;
    if (!forgotten && !IsOver(server->resource, now)) continue;
    if (server->busy) continue;
    const bool serves = state == Server::ACTIVE || state == Server::DRAINING;
    if (serves && server->live_connections() > 0) {
      if (state == Server::DRAINING) continue;
      context_.pool.Post([this, server_id] {
        (void)servers_.SetDraining(server_id, "", true, Effect::kReal);
      });
      continue;
    }
    if (state == Server::STARTING || state == Server::UNREACHABLE) continue;
    context_.pool.Post([this, server_id] {
      (void)servers_.Delete(server_id, "", Force::kNo, Effect::kReal);
    });
  }
}

void ServerSweeper::RefreshHolders() {
  std::vector<
      std::pair<model::Model::ServerPtr, std::shared_ptr<link::GoferLink>>>
      waiting;
  {
    MutexLock lock(context_.model.mu);
    for (const auto& [id, server] : context_.model.servers()) {
      const auto state = server->resource.state();
      if ((state == Server::DRAINING || state == Server::STOPPING) &&
          server->link != nullptr && server->live_connections() > 0) {
        waiting.emplace_back(server, server->link);
      }
    }
  }
  for (const auto& [server, link] : waiting) {
    worker::v1::ToGofer list;
    list.mutable_list_connections();
    const auto connections = link->Ask(std::move(list));
    worker::v1::ToGofer busy;
    busy.mutable_list_inflight();
    const auto inflight = link->Ask(std::move(busy));
    if (!connections.ok() || !inflight.ok()) continue;
    MutexLock lock(context_.model.mu);
    for (const auto& from : connections->connections().connections()) {
      model::ConnectionRecord* const record =
          context_.model.FindConnection(*server, from.uid());
      if (record != nullptr) record->open_files = from.open_file_count();
    }
    SetHolders(*server, inflight->inflight());
  }
}

void ServerSweeper::SetHolders(model::ServerRecord& server,
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
