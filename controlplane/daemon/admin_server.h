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
#include "controlplane/daemon/uds_listener.h"
#include "controlplane/service/admin_services.h"
#include "controlplane/service/call_gate.h"
#include "controlplane/service/executor.h"
#include "controlplane/service/stream_registry.h"
#include "controlplane/supervisor/node.h"

namespace goferd::daemon {

// What it is made of; all of it outlives the server.
struct AdminServerParts {
  supervisor::Node node;
  const service::Bodies& bodies;
  const auth::RoleBook& roles;
  auth::AuditLog& audit;
};

// Serves from its making until Shutdown.
class AdminServer {
 public:
  // Listens at all listeners of the supervisor's configuration; `sockets` are
  // those that are UNIX sockets, and `ports` those of the TCP ports that were
  // passed to us. AdminServices::EnableCommonServices was called before.
  // FAILED_PRECONDITION when it cannot, with what to do.
  static absl::StatusOr<std::unique_ptr<AdminServer>> Start(
      const AdminServerParts& parts, std::vector<UdsListener> sockets,
      std::vector<PassedSocket> ports = {});
  // Shuts down without patience if nobody did.
  ~AdminServer();

  // To be called after the roles file was looked at.
  void RolesMayHaveChanged() { acceptors_->RolesMayHaveChanged(); }

  // Health is NOT_SERVING and mutations fail, then streams end, then the rest
  // within `patience`; see AdminServices.
  void Shutdown(absl::Duration patience);

  // The ports of the TCP listeners, in their order.
  const std::vector<int>& ports() const { return ports_; }

 private:
  explicit AdminServer(const AdminServerParts& parts);
  absl::Status Listen(std::vector<UdsListener> sockets,
                      std::vector<PassedSocket> ports);
  // Moves those of `passed` that were found to `*taken`.
  absl::Status AddTcp(grpc::ServerBuilder& builder,
                      std::vector<PassedSocket> passed,
                      std::vector<PassedPort>* taken);

  const AdminServerParts parts_;
  service::CallGate gate_;
  service::Executor executor_;
  service::StreamRegistry streams_;
  service::AdminServices services_;
  std::unique_ptr<PeerAcceptors> acceptors_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<AcceptThread> accepting_;
  std::vector<int> ports_;
  std::vector<std::string> addresses_;
};

}  // namespace goferd::daemon

#endif  // GOFERD_CONTROLPLANE_DAEMON_ADMIN_SERVER_H_
