// StatsMethods: the bodies of StatsService.

#ifndef GOFERD_CONTROLPLANE_SERVICE_STATS_METHODS_H_
#define GOFERD_CONTROLPLANE_SERVICE_STATS_METHODS_H_

#include "absl/status/statusor.h"
#include "controlplane/service/call_context.h"
#include "controlplane/supervisor/statistics.h"
#include "goferd/admin/v1/stats.pb.h"
#include "goferd/admin/v1/stats_service.pb.h"

namespace goferd::service {

namespace admin = goferd::admin::v1;

// See stats_service.proto; WatchStats is in watch_stats.h. Thread-safe.
class StatsMethods {
 public:
  // `statistics` outlives the object.
  explicit StatsMethods(supervisor::Statistics& statistics)
      : statistics_(statistics) {}

  absl::StatusOr<admin::Stats> GetStats(const CallContext& context,
                                        const admin::GetStatsRequest& request);

 private:
  supervisor::Statistics& statistics_;
};

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_STATS_METHODS_H_
