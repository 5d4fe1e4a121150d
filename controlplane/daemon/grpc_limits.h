// SetLimits: bounds for what one caller may take of gRPC's resources.

#ifndef GOFERD_CONTROLPLANE_DAEMON_GRPC_LIMITS_H_
#define GOFERD_CONTROLPLANE_DAEMON_GRPC_LIMITS_H_

#include <grpcpp/server_builder.h>

#include "goferd/config/v1/config.pb.h"

namespace goferd::daemon {

// All fields of `config` are set. It also keeps gRPC from sharing a port with
// another process (SO_REUSEPORT), which would get some of the callers.
void SetLimits(const config::v1::GrpcConfig& config,
               grpc::ServerBuilder& builder);

}  // namespace goferd::daemon

#endif  // GOFERD_CONTROLPLANE_DAEMON_GRPC_LIMITS_H_
