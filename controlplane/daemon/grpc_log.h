// RouteGrpcLog: gRPC's messages in our log.

#ifndef GOFERD_CONTROLPLANE_DAEMON_GRPC_LOG_H_
#define GOFERD_CONTROLPLANE_DAEMON_GRPC_LOG_H_

namespace goferd::daemon {

// From now on gRPC's errors go to our log, one a second at most: a caller whose
// handshakes fail must not fill the disk. Call it before gRPC is used.
void RouteGrpcLog();

}  // namespace goferd::daemon

#endif  // GOFERD_CONTROLPLANE_DAEMON_GRPC_LOG_H_
