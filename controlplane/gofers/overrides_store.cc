#include "controlplane/gofers/overrides_store.h"

#include <cstring>
#include <utility>

#include "server/base/log.h"

namespace goferd::gofers {

using gofer::base::MutexLock;

absl::StatusOr<state::FileDraft> OverridesStore::Draft(
    const model::Model::ServerPtr& server, const KeptOverrides& kept) {
  {
    MutexLock lock(context_.model.mu);
    // The gofers of others keep their own.
    if (server->resource.origin() != admin::Server::CREATED) {
      return state::FileDraft();
    }
  }
  return context_.state.DraftServerFile(server->id, "overrides.pb",
                                        kept.Serialize());
}

void OverridesStore::Commit(const model::ServerRecord& server,
                            state::FileDraft draft) {
  const auto kept = draft.PutInPlace();
  if (kept.ok()) return;
  gofer::base::Log().warn(
      "{}: its rules are in force but not written down for a restart: {}",
      server.name(), std::strerror(kept.error().number()));
}

}  // namespace goferd::gofers
