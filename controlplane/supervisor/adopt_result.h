// The border at which what a gofer says of itself is checked.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_ADOPT_RESULT_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_ADOPT_RESULT_H_

#include <cstddef>

#include "absl/status/status.h"
#include "goferd/worker/v1/bootstrap.pb.h"

namespace goferd::supervisor {

// What the gofer of one server may have.
struct AdoptBounds {
  size_t max_live_connections = 0;
  size_t max_rules = 0;
};

// Brings `result` within bounds. What cannot be (an id that is none, one that
// comes twice, a message that is not known, too long a path) is left out, as
// are ended connections beyond 10,000; texts are cut and made plain. Errors:
// GOFER_UNREACHABLE when there are more live connections or rules than may be.
absl::Status CheckAdoptResult(const AdoptBounds& bounds,
                              worker::v1::AdoptResult& result);
// The part of it that a gofer says at its start, too.
void CleanBootstrapResult(worker::v1::BootstrapResult& result);

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_ADOPT_RESULT_H_
