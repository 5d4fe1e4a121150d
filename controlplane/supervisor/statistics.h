// Statistics: what gofers counted, and what they work on.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_STATISTICS_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_STATISTICS_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "controlplane/gofers/context.h"
#include "controlplane/link/fan_out.h"
#include "controlplane/supervisor/supervisor.h"
#include "goferd/worker/v1/stats.pb.h"

namespace goferd::supervisor {

namespace admin = goferd::admin::v1;

// The methods of Supervisor that read counters; see there. Thread-safe; blocks
// on gofers, on all at once and for one control timeout.
class Statistics {
 public:
  explicit Statistics(gofers::Context& context) : context_(context) {}

  absl::StatusOr<Supervisor::StatsList> Get(absl::string_view server_id,
                                            absl::string_view connection_id);
  absl::StatusOr<Supervisor::InflightList> ListInflight(
      absl::string_view server_id, absl::string_view connection_id,
      absl::Duration min_age);
  absl::StatusOr<admin::LogLevel> SetLogLevel(absl::string_view server_id,
                                              admin::LogLevel level,
                                              Effect effect);
  Supervisor::Totals GetTotals() const;

 private:
  struct Target {
    model::Model::ServerPtr server;
    std::shared_ptr<link::GoferLink> link;
  };
  // The servers that `server_id` means, in order. SERVER_NOT_FOUND.
  absl::StatusOr<std::vector<Target>> Find(absl::string_view server_id) const;
  absl::StatusOr<std::vector<admin::Stats>> Read(
      const Target& target, absl::string_view connection_id,
      const link::FanOut& fan_out);
  // Answers the former one.
  absl::StatusOr<admin::LogLevel> SetLevel(model::ServerRecord& server,
                                           admin::LogLevel level, Effect effect,
                                           const link::FanOut& fan_out);
  absl::StatusOr<admin::Stats> ReadServer(const Target& target,
                                          const link::FanOut& fan_out);
  void AddInflight(const model::ServerRecord& server,
                   absl::string_view connection_id,
                   const worker::v1::InflightList& from_gofer,
                   Supervisor::InflightList& list)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);
  void AddTopHolders(const model::ServerRecord& server,
                     const worker::v1::StatsList& list, admin::Stats& stats)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);

  gofers::Context& context_;
};

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_STATISTICS_H_
