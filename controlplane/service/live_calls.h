// The calls that do not end by themselves: watches and waits.

#ifndef GOFERD_CONTROLPLANE_SERVICE_LIVE_CALLS_H_
#define GOFERD_CONTROLPLANE_SERVICE_LIVE_CALLS_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <cstdint>

#include "absl/time/time.h"
#include "controlplane/service/call_gate.h"
#include "controlplane/service/executor.h"
#include "controlplane/service/stream_registry.h"
#include "controlplane/supervisor/node.h"
#include "goferd/admin/v1/event_service.pb.h"
#include "goferd/admin/v1/server_service.pb.h"
#include "goferd/admin/v1/stats_service.pb.h"

namespace goferd::service {

namespace admin = goferd::admin::v1;

// The parts that live calls use; they outlive the calls.
struct LiveCalls {
  CallGate& gate;
  Executor& executor;
  StreamRegistry& streams;
  supervisor::Node node;
  // How often a silent watch is sent a bookmark.
  absl::Duration bookmark_interval = absl::Minutes(1);
  // A watch that was up to date once and is so many events behind is ended as
  // too slow.
  int64_t max_lag = 49152;
};

// Each function starts a call and returns its reactor to gRPC, which keeps
// `request` until the reactor is done.
grpc::ServerWriteReactor<admin::WatchEventsResponse>* StartWatchEvents(
    const LiveCalls& live, grpc::CallbackServerContext* context,
    const admin::WatchEventsRequest& request);
grpc::ServerWriteReactor<admin::WatchStatsResponse>* StartWatchStats(
    const LiveCalls& live, grpc::CallbackServerContext* context,
    const admin::WatchStatsRequest& request);
grpc::ServerUnaryReactor* StartWaitServer(
    const LiveCalls& live, grpc::CallbackServerContext* context,
    const admin::WaitServerRequest& request, admin::Server& response);

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_LIVE_CALLS_H_
