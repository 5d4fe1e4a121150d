#include "controlplane/gofers/adopted_server.h"

#include <limits.h>

#include <algorithm>
#include <cstdint>

#include "controlplane/names/label.h"
#include "controlplane/translate/adopt_result.h"
#include "controlplane/translate/time_conversion.h"
#include "goferd/state/v1/state.pb.h"
#include "server/base/text.h"

namespace goferd::gofers {

namespace admin = goferd::admin::v1;
namespace {

using Server = admin::Server;

// What callers may change of an adopted server. It was given to its gofer for
// want of a place of our own; nothing else in it is believed.
void TakeChanges(const model::ServerRecord& record,
                 const worker::v1::AdoptResult& result, Server& server) {
  state::v1::ServerState kept;
  if (!kept.ParseFromString(result.daemon_data()) ||
      kept.server().name() != record.name()) {
    return;
  }
  *server.mutable_labels() = kept.server().labels();
  *server.mutable_default_connection_options() =
      kept.server().default_connection_options();
  if (kept.server().has_max_connection_options()) {
    *server.mutable_max_connection_options() =
        kept.server().max_connection_options();
  }
  if (kept.server().has_expire_time()) {
    *server.mutable_expire_time() = kept.server().expire_time();
  }
}

// What the engine of a container calls it. Whoever writes annotations chooses
// it, and a gofer may lie.
void TakeLabels(const worker::v1::AdoptResult& result, Server& server) {
  for (const auto& [key, value] : result.labels()) {
    if (server.labels_size() == names::kMostLabels) return;
    if (names::IsLabelKey(key) && value.size() <= names::kMostLabelBytes) {
      (*server.mutable_labels())[key] = value;
    }
  }
}

}  // namespace

void TakeLimits(const worker::v1::AdoptResult& result,
                model::ServerRecord& record) {
  const auto bounded = [](uint32_t told, uint32_t most) {
    return static_cast<int32_t>(std::min(told, most));
  };
  constexpr uint32_t kMostFds = 1 << 20;
  const auto& from = result.limits();
  auto& to = *record.resource.mutable_limits();
  to.set_max_connections(
      bounded(from.max_connections(),
              static_cast<uint32_t>(translate::kMostLiveConnections)));
  to.set_max_fds(bounded(from.max_fds(), kMostFds));
  to.set_max_channels(bounded(from.max_channels(), kMostFds));
}

void DescribeAdoptedServer(const worker::v1::AdoptResult& result,
                           model::ServerRecord& record) {
  Server& server = record.resource;
  record.resolved_root = result.root();
  server.set_root(result.root());
  server.set_resolved_path(gofer::base::PlainText(result.root(), PATH_MAX));
  const auto& options = result.options();
  server.mutable_options()->set_walk_stat_supported(
      options.walk_stat_supported());
  server.mutable_options()->set_set_attr_on_deleted(
      options.set_attr_on_deleted());
  server.mutable_options()->set_allocate_on_deleted(
      options.allocate_on_deleted());
  auto& limits = *server.mutable_limits();
  limits.set_max_connections(
      static_cast<int32_t>(result.limits().max_connections()));
  limits.set_max_fds(static_cast<int32_t>(result.limits().max_fds()));
  limits.set_max_channels(static_cast<int32_t>(result.limits().max_channels()));
  if (Server::SandboxMode_IsValid(result.sandbox_mode())) {
    server.set_sandbox_mode(
        static_cast<Server::SandboxMode>(result.sandbox_mode()));
  }
  *server.mutable_create_time() =
      translate::UnixNanosToProto(result.start_unix_ns());
  TakeLabels(result, server);
  TakeChanges(record, result, server);
}

}  // namespace goferd::gofers
