#include "controlplane/service/admin_services.h"

#include <grpcpp/ext/channelz_service_plugin.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>

#include <chrono>

#include "controlplane/supervisor/stopper.h"

namespace goferd::service {
namespace {

// How long answers may be on their way. Without a bound gRPC would wait for
// idle clients, too: a client in Python looks at its connection only when it
// calls.
constexpr auto kFarewell = std::chrono::milliseconds(500);

}  // namespace

AdminServices::AdminServices(const LiveCalls& live, const Bodies& bodies)
    : live_(live),
      servers_({live.gate, live.executor}, bodies.servers, live),
      connections_({live.gate, live.executor}, bodies.connections),
      handlers_({live.gate, live.executor}, bodies.handlers),
      events_(live),
      stats_({live.gate, live.executor}, bodies.stats, live),
      daemon_({live.gate, live.executor}, bodies.daemon) {}

void AdminServices::EnableCommonServices() {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::channelz::experimental::InitChannelzService();
}

std::vector<std::string> AdminServices::Names() {
  return {admin::ServerService::service_full_name(),
          admin::ConnectionService::service_full_name(),
          admin::HandlerService::service_full_name(),
          admin::EventService::service_full_name(),
          admin::StatsService::service_full_name(),
          admin::DaemonService::service_full_name()};
}

void AdminServices::Register(grpc::ServerBuilder& builder) {
  builder.RegisterService(&servers_);
  builder.RegisterService(&connections_);
  builder.RegisterService(&handlers_);
  builder.RegisterService(&events_);
  builder.RegisterService(&stats_);
  builder.RegisterService(&daemon_);
}

void AdminServices::SetServing(grpc::Server& server, bool serving) {
  grpc::HealthCheckServiceInterface* health = server.GetHealthCheckService();
  if (health == nullptr) return;
  health->SetServingStatus(serving);
  for (const std::string& name : Names()) {
    health->SetServingStatus(name, serving);
  }
}

void AdminServices::ShutDown(grpc::Server& server, absl::Duration patience) {
  const auto deadline =
      std::chrono::steady_clock::now() + absl::ToChronoMilliseconds(patience);
  SetServing(server, false);
  live_.gate.RefuseMutations();
  live_.node.stopper.Shutdown();
  live_.streams.EndAll();
  // The streams' last messages are sent before their connections are closed.
  live_.streams.WaitEmpty(patience);
  live_.executor.WaitIdle(deadline);
  live_.node.stopper.GiveUp();
  server.Shutdown(std::chrono::system_clock::now() + kFarewell);
  server.Wait();
}

}  // namespace goferd::service
