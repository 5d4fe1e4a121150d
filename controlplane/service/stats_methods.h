// StatsMethods: the bodies of StatsService.

#ifndef GOFERD_CONTROLPLANE_SERVICE_STATS_METHODS_H_
#define GOFERD_CONTROLPLANE_SERVICE_STATS_METHODS_H_

#include "controlplane/service/bodies.h"
#include "controlplane/supervisor/supervisor.h"

namespace goferd::service {

// See stats_service.proto; WatchStats is in watch_stats.h. Thread-safe.
class StatsMethods final : public StatsBodies {
 public:
  // `supervisor` outlives it.
  explicit StatsMethods(supervisor::Supervisor& supervisor)
      : supervisor_(supervisor) {}

  absl::StatusOr<admin::Stats> GetStats(
      const CallContext& context,
      const admin::GetStatsRequest& request) override;

 private:
  supervisor::Supervisor& supervisor_;
};

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_STATS_METHODS_H_
