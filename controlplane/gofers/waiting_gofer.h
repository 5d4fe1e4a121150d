// What goferd asks a gofer that has no server yet.

#ifndef GOFERD_CONTROLPLANE_GOFERS_WAITING_GOFER_H_
#define GOFERD_CONTROLPLANE_GOFERS_WAITING_GOFER_H_

#include <string>

#include "absl/status/status.h"
#include "controlplane/event_loop/event_loop.h"
#include "controlplane/gofers/settings.h"

namespace goferd::gofers {

// Whether the gofer that listens at `control_path` is up and waits for its
// Bootstrap. Blocks, at most for the start timeout.
absl::Status CheckWaits(event_loop::EventLoop& loop, const Settings& settings,
                        const std::string& control_path);

// Whether `status`, a gofer's answer to Adopt, says that it waits for its
// Bootstrap.
bool IsWaiting(const absl::Status& status);

// Has the gofer at `control_path` end, if one answers there. Blocks, at most
// for the control timeout.
void AskToEnd(event_loop::EventLoop& loop, const Settings& settings,
              const std::string& control_path);

}  // namespace goferd::gofers

#endif  // GOFERD_CONTROLPLANE_GOFERS_WAITING_GOFER_H_
