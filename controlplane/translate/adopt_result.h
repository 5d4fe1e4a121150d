// CheckAdoptResult: checks what a gofer says of itself.

#ifndef GOFERD_CONTROLPLANE_TRANSLATE_ADOPT_RESULT_H_
#define GOFERD_CONTROLPLANE_TRANSLATE_ADOPT_RESULT_H_

#include <google/protobuf/repeated_ptr_field.h>

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "goferd/worker/v1/bootstrap.pb.h"
#include "goferd/worker/v1/connection.pb.h"

namespace goferd::translate {

// The live connections of one gofer, unless more are known to be allowed.
inline constexpr size_t kMostLiveConnections = 65'536;

// The bounds of one server's gofer. They are not the configuration's of now: a
// living gofer keeps what an earlier configuration allowed.
struct AdoptBounds {
  size_t max_live_connections = 0;
  size_t max_rules = 0;
};

// `max_connections` is the server's limit in goferd's own file; 0 when that is
// not known. It only raises the bound, never lowers it: a limit may have been
// lowered below the connections that exist.
AdoptBounds AdoptBoundsFor(int32_t max_connections);

// Brings `result` within bounds. Impossible parts are left out (a malformed id,
// an id that comes twice, a message id beyond 255, too long a path), and so are
// ended connections beyond 10,000; texts are cut and made plain. Errors:
// GOFER_UNREACHABLE when there are more live connections or rules than `bounds`
// allow. Do not use server_id and server_uid, by which a gofer could pass for
// another: its socket's place and its process say whose gofer it is.
absl::Status CheckAdoptResult(const AdoptBounds& bounds,
                              worker::v1::AdoptResult& result);
// Brings a page of connections within the same bounds, and leaves out those
// that have not ended.
void KeepEnded(
    google::protobuf::RepeatedPtrField<worker::v1::Connection>& connections);
// Cleans the part of the answer that a gofer also sends at its start.
void CleanBootstrapResult(worker::v1::BootstrapResult& result);

}  // namespace goferd::translate

#endif  // GOFERD_CONTROLPLANE_TRANSLATE_ADOPT_RESULT_H_
