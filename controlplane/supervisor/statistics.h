// Statistics: what gofers counted, and what they work on.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_STATISTICS_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_STATISTICS_H_

#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controlplane/names/scope.h"
#include "controlplane/supervisor/effect.h"

namespace goferd::admin::v1 {
enum LogLevel : int;
}  // namespace goferd::admin::v1

namespace goferd::supervisor {

namespace admin = goferd::admin::v1;

struct InflightList;
struct LogLevelChange;
struct StatsList;
struct Totals;

// Asks all gofers at once, and waits for one control timeout at most.
// Thread-safe.
class Statistics {
 public:
  virtual ~Statistics() = default;

  // Without `connections`: of the servers themselves; else of the connections
  // of `servers`. Errors when a server or connection that is named is missing
  // or does not answer.
  virtual absl::StatusOr<StatsList> GetStats(
      const names::ServerScope& servers,
      const std::optional<names::ConnectionScope>& connections) = 0;
  virtual absl::StatusOr<InflightList> ListInflight(
      const names::ServerScope& servers,
      const names::ConnectionScope& connections, absl::Duration min_age) = 0;
  // For all servers: for those too that are started later.
  virtual absl::StatusOr<LogLevelChange> SetGoferLogLevel(
      const names::ServerScope& servers, admin::LogLevel level,
      Effect effect) = 0;
  virtual Totals GetTotals() const = 0;
};

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_STATISTICS_H_
