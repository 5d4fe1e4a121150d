#include "controlplane/service/event_grpc.h"

namespace goferd::service {

grpc::ServerWriteReactor<admin::WatchEventsResponse>*
EventServiceGrpc::WatchEvents(grpc::CallbackServerContext* context,
                              const admin::WatchEventsRequest* request) {
  return StartWatchEvents(live_, context, *request);
}

}  // namespace goferd::service
