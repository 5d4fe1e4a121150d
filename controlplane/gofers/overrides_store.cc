#include "controlplane/gofers/overrides_store.h"

#include <cstring>
#include <utility>

#include "server/base/log.h"

namespace goferd::gofers {

using model::ModelLock;

absl::StatusOr<state::FileDraft> OverridesStore::Draft(
    const model::ServerPtr& server, const KeptOverrides& kept) {
  {
    const ModelLock lock(model_);
    // The gofers of others keep their own.
    if (!server->record(lock).was_created()) {
      return state::FileDraft();
    }
  }
  return host_.state.DraftServerFile(server->id(), "overrides.pb",
                                     kept.Serialize());
}

bool OverridesStore::Commit(const model::ServerEntry& server,
                            state::FileDraft draft) {
  const auto kept = draft.PutInPlace();
  if (kept.ok()) return true;
  gofer::base::Log().warn(
      "{}: its rules are in force but not written down for a restart: {}",
      server.name(), std::strerror(kept.error().number()));
  return false;
}

}  // namespace goferd::gofers
