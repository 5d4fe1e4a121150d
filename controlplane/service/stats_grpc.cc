#include "controlplane/service/stats_grpc.h"

namespace goferd::service {

grpc::ServerUnaryReactor* StatsServiceGrpc::GetStats(
    grpc::CallbackServerContext* context, const admin::GetStatsRequest* request,
    admin::Stats* response) {
  return RunUnary(path_, "/goferd.admin.v1.StatsService/GetStats", context,
                  request, response, methods_, &StatsMethods::GetStats);
}

grpc::ServerWriteReactor<admin::WatchStatsResponse>*
StatsServiceGrpc::WatchStats(grpc::CallbackServerContext* context,
                             const admin::WatchStatsRequest* request) {
  return StartWatchStats(live_, context, *request);
}

}  // namespace goferd::service
