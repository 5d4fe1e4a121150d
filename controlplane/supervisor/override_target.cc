#include "controlplane/supervisor/override_target.h"

#include "controlplane/model/server_state.h"

namespace goferd::supervisor {

absl::StatusOr<OverrideTarget> FindOverrideTarget(
    gofers::Context& context, absl::string_view id,
    worker::v1::Capability capability) {
  gofer::base::MutexLock lock(context.model.mu);
  if (absl::Status status = gofers::CheckRunning(context); !status.ok())
    return status;
  model::Model::ServerPtr server = context.model.Find(id);
  if (server == nullptr) return model::Model::NoServer(id);
  if (absl::Status status = model::CheckServing(*server); !status.ok())
    return status;
  if (absl::Status status = model::CheckCan(*server, capability);
      !status.ok()) {
    return status;
  }
  return OverrideTarget{server, server->link};
}

}  // namespace goferd::supervisor
