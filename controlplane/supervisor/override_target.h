// OverrideTarget: the server whose handlers or rules a caller reads or changes.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_OVERRIDE_TARGET_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_OVERRIDE_TARGET_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "controlplane/gofers/threads.h"
#include "controlplane/link/gofer_link.h"
#include "controlplane/model/model.h"
#include "goferd/worker/v1/bootstrap.pb.h"

namespace goferd::supervisor {

struct OverrideTarget {
  model::ServerPtr server;
  // The gofer that served it when it was looked up. It is never null.
  std::shared_ptr<link::GoferLink> link;
};

// Takes the model's lock. Errors: SERVER_NOT_FOUND, SHUTTING_DOWN, those of
// model::CheckServing and model::CheckCan.
absl::StatusOr<OverrideTarget> FindOverrideTarget(
    model::Model& model, const gofers::Threads& threads, absl::string_view id,
    worker::v1::Capability capability);

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_OVERRIDE_TARGET_H_
