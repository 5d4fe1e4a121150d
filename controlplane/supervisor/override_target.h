// OverrideTarget: the server whose handlers or rules a caller reads or changes.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_OVERRIDE_TARGET_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_OVERRIDE_TARGET_H_

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "controlplane/gofers/threads.h"
#include "controlplane/link/gofer_link.h"
#include "controlplane/model/model.h"
#include "controlplane/model/server_state.h"
#include "goferd/worker/v1/bootstrap.pb.h"

namespace goferd::supervisor {

struct OverrideTarget {
  model::ServerPtr server;
  // The gofer that served it when it was looked up. Null only for a server
  // whose gofer is dead, with DeadGofer::kWillDo.
  std::shared_ptr<link::GoferLink> link;
  // Keeps another gofer from being started while there is none.
  std::optional<model::Mutation> mutation;
};

// Whether the overrides of a FAILED server that goferd has created can be
// looked up as well: they are what its next gofer begins with.
enum class DeadGofer { kRefused, kWillDo };

// Takes the model's lock. Errors: SERVER_NOT_FOUND, SHUTTING_DOWN, those of
// model::CheckServing, model::CheckCan and model::Mutation::Begin.
absl::StatusOr<OverrideTarget> FindOverrideTarget(
    model::Model& model, const gofers::Threads& threads, absl::string_view id,
    worker::v1::Capability capability,
    DeadGofer dead_gofer = DeadGofer::kRefused);

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_OVERRIDE_TARGET_H_
