#include "controlplane/service/stats_grpc.h"

#include "controlplane/auth/methods.h"

namespace goferd::service {

grpc::ServerUnaryReactor* StatsServiceGrpc::GetStats(
    grpc::CallbackServerContext* context, const admin::GetStatsRequest* request,
    admin::Stats* response) {
  return RunUnary(path_, auth::methods::kGetStats, context, request, response,
                  methods_, &StatsMethods::GetStats);
}

grpc::ServerWriteReactor<admin::WatchStatsResponse>*
StatsServiceGrpc::WatchStats(grpc::CallbackServerContext* context,
                             const admin::WatchStatsRequest* request) {
  return StartWatchStats(live_, context, *request);
}

}  // namespace goferd::service
