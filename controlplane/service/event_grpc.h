// EventServiceGrpc: EventService over gRPC.

#ifndef GOFERD_CONTROLPLANE_SERVICE_EVENT_GRPC_H_
#define GOFERD_CONTROLPLANE_SERVICE_EVENT_GRPC_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "controlplane/service/live_calls.h"
#include "goferd/admin/v1/event_service.grpc.pb.h"

namespace goferd::service {

namespace admin = goferd::admin::v1;

// Starts the calls of live_calls.h. All that it is given outlives it.
class EventServiceGrpc final : public admin::EventService::CallbackService {
 public:
  explicit EventServiceGrpc(const LiveCalls& live) : live_(live) {}

  grpc::ServerWriteReactor<admin::WatchEventsResponse>* WatchEvents(
      grpc::CallbackServerContext* context,
      const admin::WatchEventsRequest* request) override;

 private:
  const LiveCalls live_;
};

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_EVENT_GRPC_H_
