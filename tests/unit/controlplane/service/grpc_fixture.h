// GrpcFixture: the admin API on a port of its own, with a supervisor in
// memory and a caller that the test chooses.

#ifndef GOFERD_TESTS_UNIT_CONTROLPLANE_SERVICE_GRPC_FIXTURE_H_
#define GOFERD_TESTS_UNIT_CONTROLPLANE_SERVICE_GRPC_FIXTURE_H_

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "controlplane/service/admin_services.h"
#include "controlplane/service/methods.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "tests/support/fake_supervisor.h"

namespace goferd::service {

// The ways in which a fixture differs from a daemon.
struct GrpcFixtureOptions {
  absl::Duration bookmark_interval = absl::Minutes(1);
  int64_t max_lag = 49152;
  size_t kept_events = 1024;
  size_t max_streams = 256;
};

class GrpcFixture {
 public:
  explicit GrpcFixture(const GrpcFixtureOptions& options = {})
      : supervisor({}, options.kept_events),
        audit(*auth::AuditLog::Open("")),
        gate([this](const grpc::ServerContextBase&) { return caller; }, *audit),
        streams(supervisor.events(), {.watches = options.max_streams}),
        methods(supervisor.node(), {"0.1.0", absl::Now(), {}}),
        services({gate, executor, streams, supervisor.node(),
                  options.bookmark_interval, options.max_lag},
                 methods.bodies()) {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::ServerBuilder builder;
    services.Register(builder);
    // The in-process transport is not used: it has no flow control, and drops
    // answers at a shutdown.
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                             &port);
    server = builder.BuildAndStart();
    AdminServices::SetServing(*server, true);
    channel = grpc::CreateChannel("127.0.0.1:" + std::to_string(port),
                                  grpc::InsecureChannelCredentials());
  }
  ~GrpcFixture() { ShutDown(); }

  void ShutDown() {
    if (std::exchange(is_down, true)) return;
    services.ShutDown(*server, absl::Seconds(10));
  }

  admin::Server AddServer(const std::string& id) {
    admin::Server spec;
    spec.set_root("/srv");
    return *supervisor.servers().Create(id, spec, supervisor::Effect::kReal,
                                        {});
  }

  auth::Caller caller = {"test", auth::Role::ROLE_ADMIN};
  testing::FakeSupervisor supervisor;
  std::unique_ptr<auth::AuditLog> audit;
  CallGate gate;
  Executor executor;
  StreamRegistry streams;
  Methods methods;
  AdminServices services;
  std::unique_ptr<grpc::Server> server;
  std::shared_ptr<grpc::Channel> channel;
  bool is_down = false;
};

// The reason in the details of `status`; empty when there is none.
inline std::string ReasonIn(const grpc::Status& status) {
  google::rpc::Status rpc;
  if (!rpc.ParseFromString(status.error_details())) return "";
  for (const auto& detail : rpc.details()) {
    google::rpc::ErrorInfo info;
    if (detail.UnpackTo(&info)) return info.reason();
  }
  return "";
}

// The context of a call, with a deadline: a test fails rather than hangs.
struct TestCall : grpc::ClientContext {
  explicit TestCall(std::chrono::seconds patience = std::chrono::seconds(30)) {
    set_deadline(std::chrono::system_clock::now() + patience);
  }
};

}  // namespace goferd::service

#endif  // GOFERD_TESTS_UNIT_CONTROLPLANE_SERVICE_GRPC_FIXTURE_H_
