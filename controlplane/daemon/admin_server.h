// AdminServer: the gRPC server of goferd, with its listeners.

#ifndef GOFERD_CONTROLPLANE_DAEMON_ADMIN_SERVER_H_
#define GOFERD_CONTROLPLANE_DAEMON_ADMIN_SERVER_H_

#include <grpcpp/server.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controlplane/auth/audit.h"
#include "controlplane/auth/role_book.h"
#include "controlplane/daemon/accept_thread.h"
#include "controlplane/daemon/peer_acceptors.h"
#include "controlplane/daemon/service_manager.h"
#include "controlplane/daemon/tls_files.h"
#include "controlplane/daemon/uds_listener.h"
#include "controlplane/service/admin_services.h"
#include "controlplane/service/call_gate.h"
#include "controlplane/service/executor.h"
#include "controlplane/service/stream_registry.h"
#include "controlplane/supervisor/node.h"

namespace goferd::daemon {

// The parts that the server is made of; all of them outlive it.
struct AdminServerParts {
  supervisor::Node node;
  const service::Bodies& bodies;
  const auth::RoleBook& roles;
  auth::AuditLog& audit;
};

// Serves from Start until Shutdown.
class AdminServer {
 public:
  // Listens at all listeners of the supervisor's configuration. `sockets` are
  // the UNIX listeners, and `ports` the TCP ports that the service manager
  // passed. AdminServices::EnableCommonServices was called before. Errors:
  // FAILED_PRECONDITION when it cannot listen; the text says what to do.
  static absl::StatusOr<std::unique_ptr<AdminServer>> Start(
      const AdminServerParts& parts, std::vector<UdsListener> sockets,
      std::vector<PassedSocket> ports = {});
  // Shuts down without patience if Shutdown was not called.
  ~AdminServer();

  // Must be called after the roles file was looked at: without it, connections
  // that were taken by role, and streams, would keep a role that is revoked.
  void RolesMayHaveChanged() {
    acceptors_->RolesMayHaveChanged();
    streams_.CheckRoles();
  }

  // Looks at the files of certificates when it is time. Must be called often.
  void RefreshCertificates();

  // Makes health NOT_SERVING and mutations fail, then ends streams, then waits
  // for all other calls within `patience`; see AdminServices.
  void Shutdown(absl::Duration patience);

  // The ports of the TCP listeners, in the configuration's order.
  const std::vector<int>& ports() const { return ports_; }

 private:
  explicit AdminServer(const AdminServerParts& parts);
  absl::Status Listen(std::vector<UdsListener> sockets,
                      std::vector<PassedSocket> ports);
  // Moves the ports of `passed` that have a listener to `*taken`.
  absl::Status AddTcp(grpc::ServerBuilder& builder,
                      std::vector<PassedSocket> passed,
                      std::vector<PassedPort>* taken);

  const AdminServerParts parts_;
  service::CallGate gate_;
  service::Executor executor_;
  service::StreamRegistry streams_;
  service::AdminServices services_;
  std::unique_ptr<PeerAcceptors> acceptors_;
  std::vector<std::unique_ptr<TlsFiles>> tls_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<AcceptThread> accepting_;
  std::vector<int> ports_;
  std::vector<std::string> addresses_;
};

}  // namespace goferd::daemon

#endif  // GOFERD_CONTROLPLANE_DAEMON_ADMIN_SERVER_H_
