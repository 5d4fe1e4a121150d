// AdminClient: the services of one goferd.

#ifndef GOFERD_CLIENTS_ADMIN_ADMIN_CLIENT_H_
#define GOFERD_CLIENTS_ADMIN_ADMIN_CLIENT_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "clients/admin/call.h"
#include "clients/admin/endpoint.h"
#include "goferd/admin/v1/connection_service.grpc.pb.h"
#include "goferd/admin/v1/daemon_service.grpc.pb.h"
#include "goferd/admin/v1/event_service.grpc.pb.h"
#include "goferd/admin/v1/handler_service.grpc.pb.h"
#include "goferd/admin/v1/server_service.grpc.pb.h"
#include "goferd/admin/v1/stats_service.grpc.pb.h"
#include "grpcpp/channel.h"

namespace goferd::client {

// What grpc.health.v1 says about a service.
enum class Health { kUnknown = 0, kServing = 1, kNotServing = 2 };

// Owns the channel and a stub for each service. Thread-safe. Connects with the
// first call. Unary calls are made by Call; streams by the stubs themselves.
class AdminClient {
 public:
  // Errors: those of MakeChannel.
  static absl::StatusOr<std::unique_ptr<AdminClient>> Make(
      const Endpoint& endpoint);
  explicit AdminClient(std::shared_ptr<grpc::Channel> channel);

  admin::v1::ServerService::Stub& servers() { return servers_; }
  admin::v1::ConnectionService::Stub& connections() { return connections_; }
  admin::v1::HandlerService::Stub& handlers() { return handlers_; }
  admin::v1::EventService::Stub& events() { return events_; }
  admin::v1::StatsService::Stub& stats() { return stats_; }
  admin::v1::DaemonService::Stub& daemon() { return daemon_; }

  // Asks grpc.health.v1.Health/Check. `service`: its full name; empty for the
  // whole daemon. Errors: NOT_FOUND for a service that goferd does not have.
  absl::StatusOr<Health> CheckHealth(absl::string_view service,
                                     const CallOptions& options = {});

 private:
  std::shared_ptr<grpc::Channel> channel_;
  admin::v1::ServerService::Stub servers_;
  admin::v1::ConnectionService::Stub connections_;
  admin::v1::HandlerService::Stub handlers_;
  admin::v1::EventService::Stub events_;
  admin::v1::StatsService::Stub stats_;
  admin::v1::DaemonService::Stub daemon_;
};

}  // namespace goferd::client

#endif  // GOFERD_CLIENTS_ADMIN_ADMIN_CLIENT_H_
