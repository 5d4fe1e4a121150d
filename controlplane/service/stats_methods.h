// StatsMethods: the bodies of StatsService.

#ifndef GOFERD_CONTROLPLANE_SERVICE_STATS_METHODS_H_
#define GOFERD_CONTROLPLANE_SERVICE_STATS_METHODS_H_

#include "controlplane/service/bodies.h"
#include "controlplane/supervisor/statistics.h"

namespace goferd::service {

// See stats_service.proto; WatchStats is in watch_stats.h. Thread-safe.
class StatsMethods final : public StatsBodies {
 public:
  // `statistics` outlives the object.
  explicit StatsMethods(supervisor::Statistics& statistics)
      : statistics_(statistics) {}

  absl::StatusOr<admin::Stats> GetStats(
      const CallContext& context,
      const admin::GetStatsRequest& request) override;

 private:
  supervisor::Statistics& statistics_;
};

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_STATS_METHODS_H_
