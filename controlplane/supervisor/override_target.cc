#include "controlplane/supervisor/override_target.h"

#include "controlplane/model/server_state.h"

namespace goferd::supervisor {

absl::StatusOr<OverrideTarget> FindOverrideTarget(
    model::Model& model, const gofers::Threads& threads, absl::string_view id,
    worker::v1::Capability capability) {
  const model::ModelLock lock(model);
  if (absl::Status status = threads.CheckRunning(); !status.ok()) return status;
  model::ServerPtr server = model.Find(lock, id);
  if (server == nullptr) return model::Model::NoServer(id);
  const model::ServerRecord& record = server->record(lock);
  if (absl::Status status = model::CheckServing(record); !status.ok()) {
    return status;
  }
  if (absl::Status status = model::CheckCan(record, capability); !status.ok()) {
    return status;
  }
  return OverrideTarget{server, record.link.current};
}

}  // namespace goferd::supervisor
