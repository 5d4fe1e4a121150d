// What a gofer is asked that has no server yet.

#ifndef GOFERD_CONTROLPLANE_GOFERS_WAITING_GOFER_H_
#define GOFERD_CONTROLPLANE_GOFERS_WAITING_GOFER_H_

#include <string>

#include "absl/status/status.h"
#include "controlplane/gofers/context.h"

namespace goferd::gofers {

// Whether the gofer that listens at `control_path` is up and waits for its
// Bootstrap. Blocks, at most for the start timeout.
absl::Status CheckWaits(Context& context, const std::string& control_path);

// Whether a gofer that has answered Adopt by `status` waits so.
bool IsWaiting(const absl::Status& status);

// Has it end, if there is one that answers. Blocks, at most for the control
// timeout.
void AskToEnd(Context& context, const std::string& control_path);

}  // namespace goferd::gofers

#endif  // GOFERD_CONTROLPLANE_GOFERS_WAITING_GOFER_H_
