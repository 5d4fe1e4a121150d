// ToGrpcStatus: translates our errors for gRPC.

#ifndef GOFERD_CONTROLPLANE_SERVICE_STATUS_TRANSLATION_H_
#define GOFERD_CONTROLPLANE_SERVICE_STATUS_TRANSLATION_H_

#include <grpcpp/support/status.h>

#include <cstddef>

#include "absl/status/status.h"

namespace goferd::service {

// The most bytes of google.rpc.Status that are sent: it travels in base64 in
// the metadata, of which a client refuses more than 8 KiB.
inline constexpr size_t kMaxDetailsBytes = 4096;

// Makes a status of the same code, with the payloads of `status` in a
// google.rpc.Status. An error that controlplane/errors has not made becomes
// INTERNAL_FAULT, and is logged. A long text is cut; when there are too many
// field violations, the last are left out.
grpc::Status ToGrpcStatus(const absl::Status& status);

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_STATUS_TRANSLATION_H_
