#include "controlplane/supervisor/override_target.h"

#include <utility>

#include "controlplane/model/server_state.h"

namespace goferd::supervisor {

absl::StatusOr<OverrideTarget> FindOverrideTarget(
    model::Model& model, const gofers::Threads& threads, absl::string_view id,
    worker::v1::Capability capability, DeadGofer dead_gofer) {
  const model::ModelLock lock(model);
  if (absl::Status status = threads.CheckRunning(); !status.ok()) return status;
  model::ServerPtr server = model.Find(lock, id);
  if (server == nullptr) return model::Model::NoServer(id);
  const model::ServerRecord& record = server->record(lock);
  if (dead_gofer == DeadGofer::kWillDo && record.was_created() &&
      record.resource.state() == admin::Server::FAILED &&
      record.gofer.process == nullptr) {
    auto mutation = model::Mutation::Begin(lock, model, id, "");
    if (!mutation.ok()) return mutation.status();
    OverrideTarget target{std::move(server), nullptr, std::nullopt};
    target.mutation.emplace(*std::move(mutation));
    return absl::StatusOr<OverrideTarget>(std::move(target));
  }
  if (absl::Status status = model::CheckServing(record); !status.ok()) {
    return status;
  }
  if (absl::Status status = model::CheckCan(record, capability); !status.ok()) {
    return status;
  }
  return OverrideTarget{server, record.link.current, std::nullopt};
}

}  // namespace goferd::supervisor
