// AdminServices: the six services of the admin API, over gRPC.

#ifndef GOFERD_CONTROLPLANE_SERVICE_ADMIN_SERVICES_H_
#define GOFERD_CONTROLPLANE_SERVICE_ADMIN_SERVICES_H_

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <string>
#include <vector>

#include "controlplane/service/call_gate.h"
#include "controlplane/service/connection_grpc.h"
#include "controlplane/service/daemon_grpc.h"
#include "controlplane/service/event_grpc.h"
#include "controlplane/service/executor.h"
#include "controlplane/service/handler_grpc.h"
#include "controlplane/service/live_calls.h"
#include "controlplane/service/methods.h"
#include "controlplane/service/server_grpc.h"
#include "controlplane/service/stats_grpc.h"
#include "controlplane/service/stream_registry.h"

namespace goferd::service {

// Outlives the gRPC server that it is registered with; all parts that it is
// given outlive it. Thread-safe once registered.
class AdminServices {
 public:
  AdminServices(const LiveCalls& live, const Bodies& bodies);
  AdminServices(const AdminServices&) = delete;
  AdminServices& operator=(const AdminServices&) = delete;

  // Switches on gRPC's health, reflection and channelz services for servers
  // that are built afterwards. Call it once, before the first.
  static void EnableCommonServices();
  // The services' names, such as "goferd.admin.v1.ServerService".
  static std::vector<std::string> Names();

  void Register(grpc::ServerBuilder& builder);
  // Tells health checkers whether `server` serves the services.
  static void SetServing(grpc::Server& server, bool serving);

  // Makes health NOT_SERVING and mutations fail, and ends live streams with a
  // token to resume from. Then shuts the server down: calls that go on after
  // `patience` are cancelled. Returns when no call is left.
  void ShutDown(grpc::Server& server, absl::Duration patience);

 private:
  const LiveCalls live_;
  ServerServiceGrpc servers_;
  ConnectionServiceGrpc connections_;
  HandlerServiceGrpc handlers_;
  EventServiceGrpc events_;
  StatsServiceGrpc stats_;
  DaemonServiceGrpc daemon_;
};

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_ADMIN_SERVICES_H_
