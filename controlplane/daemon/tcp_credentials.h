// TcpCredentials: how callers at a TCP port are known.

#ifndef GOFERD_CONTROLPLANE_DAEMON_TCP_CREDENTIALS_H_
#define GOFERD_CONTROLPLANE_DAEMON_TCP_CREDENTIALS_H_

#include <grpcpp/security/server_credentials.h>

#include <memory>

#include "absl/status/statusor.h"
#include "controlplane/auth/role_book.h"
#include "goferd/config/v1/config.pb.h"

namespace goferd::daemon {

// Makes credentials for mutual TLS, with files that are read again when they
// change; or, for a plaintext port, credentials that give all peers one role
// and refuse peers of other hosts. `book` outlives the server.
// FAILED_PRECONDITION when a file cannot be read now, which gRPC would not
// report.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> TcpCredentials(
    const config::v1::TcpListener& config, const auth::RoleBook& book);

}  // namespace goferd::daemon

#endif  // GOFERD_CONTROLPLANE_DAEMON_TCP_CREDENTIALS_H_
