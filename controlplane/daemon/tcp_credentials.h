// TcpCredentials: how callers at a TCP port are known.

#ifndef GOFERD_CONTROLPLANE_DAEMON_TCP_CREDENTIALS_H_
#define GOFERD_CONTROLPLANE_DAEMON_TCP_CREDENTIALS_H_

#include <grpcpp/security/server_credentials.h>

#include <memory>

#include "controlplane/auth/role_book.h"
#include "controlplane/daemon/tls_files.h"
#include "goferd/config/v1/config.pb.h"

namespace goferd::daemon {

// Makes credentials for mutual TLS with the certificates of `tls`; or, when it
// is null, for a plaintext port: credentials that give all peers one role and
// refuse peers of other hosts. `book` and `tls` outlive the server.
std::shared_ptr<grpc::ServerCredentials> TcpCredentials(
    const config::v1::TcpListener& config, const auth::RoleBook& book,
    const TlsFiles* tls);

}  // namespace goferd::daemon

#endif  // GOFERD_CONTROLPLANE_DAEMON_TCP_CREDENTIALS_H_
