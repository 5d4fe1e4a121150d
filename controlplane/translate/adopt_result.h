// The border at which what a gofer says of itself is checked.

#ifndef GOFERD_CONTROLPLANE_TRANSLATE_ADOPT_RESULT_H_
#define GOFERD_CONTROLPLANE_TRANSLATE_ADOPT_RESULT_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "goferd/worker/v1/bootstrap.pb.h"

namespace goferd::translate {

// Live connections of one gofer, when no more are known to be allowed.
inline constexpr size_t kMostLiveConnections = 65'536;

// What the gofer of one server may have. Not what the config allows now: a
// gofer that lives keeps what an earlier one has let it have.
struct AdoptBounds {
  size_t max_live_connections = 0;
  size_t max_rules = 0;
};

// `max_connections` is the server's own, as goferd wrote it down; 0 when that
// is not known. A limit may have been lowered below what is there, so it only
// ever adds.
AdoptBounds AdoptBoundsFor(int32_t max_connections);

// Brings `result` within bounds. What cannot be (an id that is none, one that
// comes twice, a message id beyond 255, too long a path) is left out, as
// are ended connections beyond 10,000; texts are cut and made plain. Errors:
// GOFER_UNREACHABLE when there are more live connections or rules than may be.
// server_id and server_uid are not for use: whose gofer it is, its socket's
// place and its process say.
absl::Status CheckAdoptResult(const AdoptBounds& bounds,
                              worker::v1::AdoptResult& result);
// The part of it that a gofer says at its start, too.
void CleanBootstrapResult(worker::v1::BootstrapResult& result);

}  // namespace goferd::translate

#endif  // GOFERD_CONTROLPLANE_TRANSLATE_ADOPT_RESULT_H_
