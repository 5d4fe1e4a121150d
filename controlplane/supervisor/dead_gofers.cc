// Lifecycle's part for servers whose gofer is not there any more, or was never
// given its server, when goferd comes back.

#include <memory>
#include <string>

#include "controlplane/errors/error.h"
#include "controlplane/supervisor/lifecycle.h"
#include "controlplane/supervisor/time_conversion.h"
#include "controlplane/supervisor/waiting_gofer.h"
#include "goferd/state/v1/state.pb.h"
#include "goferd/worker/v1/bootstrap.pb.h"
#include "server/base/log.h"

namespace goferd::supervisor {
namespace {

using gofer::base::Log;
using gofer::base::MutexLock;
using Server = admin::Server;

}  // namespace

// goferd was killed before it had given it its server.
void Lifecycle::EndUnused(const std::string& id, const absl::Status& adopted) {
  if (errors::ReasonOf(adopted) != errors::Reason::OPERATION_PENDING) return;
  AskToEnd(context_, context_.state.ControlPath(id));
}

void Lifecycle::RestoreDead(const std::string& id, const absl::Status& why) {
  const auto bytes = context_.state.ReadServerFile(id, "bootstrap.pb");
  worker::v1::Bootstrap bootstrap;
  state::v1::ServerState kept;
  if (!bytes.ok() || !bootstrap.ParseFromString(*bytes) ||
      !kept.ParseFromString(bootstrap.daemon_data()) ||
      kept.server().name() != ServerName(id)) {
    // Never got ready: CreateServer had not answered.
    const absl::Status removed = context_.state.RemoveServer(id);
    Log().warn("what is left of servers/{} is removed{}", id,
               removed.ok() ? "" : ": " + std::string(removed.message()));
    return;
  }
  auto server = std::make_shared<ServerRecord>();
  server->id = id;
  server->resource = kept.server();
  server->resolved_root = kept.resolved_root();
  const auto saved = context_.state.ReadServerFile(id, "overrides.pb");
  state::v1::Overrides overrides;
  if (saved.ok()) (void)overrides.ParseFromString(*saved);
  Log().error("{}: its gofer died while goferd was away: {}", server->name(),
              std::string(why.message()));
  context_.gofer_crashes.fetch_add(1);
  MutexLock lock(context_.model.mu);
  if (context_.model.Find(id) != nullptr) return;
  admin::ServerFailure& failure = *server->resource.mutable_failure();
  failure.set_reason(admin::ServerFailure::CRASHED);
  failure.set_message("it died while goferd was away");
  *failure.mutable_failure_time() = ToProto(absl::Now());
  server->resource.set_gofer_pid(0);
  server->resource.set_state(Server::FAILED);
  server->assignments.assign(overrides.assignments().begin(),
                             overrides.assignments().end());
  context_.model.Add(server);
  for (const admin::HandlerRule& rule : overrides.rules()) {
    context_.model.PutRule(*server, {rule, server->next_rule_age++});
  }
  RestartLater(*server);
}

}  // namespace goferd::supervisor
