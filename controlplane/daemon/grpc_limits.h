// SetLimits: what one caller may take of gRPC.

#ifndef GOFERD_CONTROLPLANE_DAEMON_GRPC_LIMITS_H_
#define GOFERD_CONTROLPLANE_DAEMON_GRPC_LIMITS_H_

#include <grpcpp/server_builder.h>

#include "goferd/config/v1/config.pb.h"

namespace goferd::daemon {

// `config` is complete. Also: no port is shared with another process.
void SetLimits(const config::v1::GrpcConfig& config,
               grpc::ServerBuilder& builder);

}  // namespace goferd::daemon

#endif  // GOFERD_CONTROLPLANE_DAEMON_GRPC_LIMITS_H_
