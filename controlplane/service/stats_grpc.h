// StatsServiceGrpc: StatsService over gRPC.

#ifndef GOFERD_CONTROLPLANE_SERVICE_STATS_GRPC_H_
#define GOFERD_CONTROLPLANE_SERVICE_STATS_GRPC_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "controlplane/service/live_calls.h"
#include "controlplane/service/stats_methods.h"
#include "controlplane/service/unary.h"
#include "goferd/admin/v1/stats_service.grpc.pb.h"

namespace goferd::service {

// Calls the methods of StatsMethods and live_calls.h. All that it is given
// outlives it.
class StatsServiceGrpc final : public admin::StatsService::CallbackService {
 public:
  StatsServiceGrpc(const CallPath& path, StatsMethods& methods,
                   const LiveCalls& live)
      : path_(path), methods_(methods), live_(live) {}

  grpc::ServerUnaryReactor* GetStats(grpc::CallbackServerContext* context,
                                     const admin::GetStatsRequest* request,
                                     admin::Stats* response) override;
  grpc::ServerWriteReactor<admin::WatchStatsResponse>* WatchStats(
      grpc::CallbackServerContext* context,
      const admin::WatchStatsRequest* request) override;

 private:
  const CallPath path_;
  StatsMethods& methods_;
  const LiveCalls live_;
};

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_STATS_GRPC_H_
