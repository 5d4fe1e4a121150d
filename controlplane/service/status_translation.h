// ToGrpcStatus: the border between our errors and gRPC's.

#ifndef GOFERD_CONTROLPLANE_SERVICE_STATUS_TRANSLATION_H_
#define GOFERD_CONTROLPLANE_SERVICE_STATUS_TRANSLATION_H_

#include <grpcpp/support/status.h>

#include <cstddef>

#include "absl/status/status.h"

namespace goferd::service {

// The most bytes of google.rpc.Status that are sent: a client refuses metadata
// of more than 8 KiB, in which it stands in base64.
inline constexpr size_t kMaxDetailsBytes = 4096;

// The same code, with the payloads of `status` in a google.rpc.Status. An error
// that is not of controlplane/errors becomes INTERNAL_FAULT, and is logged. A
// long text is cut; of too many field violations the last are left out.
grpc::Status ToGrpcStatus(const absl::Status& status);

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_STATUS_TRANSLATION_H_
