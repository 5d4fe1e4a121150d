// StatisticsOperations: what gofers counted, and what they work on.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_STATISTICS_OPERATIONS_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_STATISTICS_OPERATIONS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "controlplane/gofers/host.h"
#include "controlplane/gofers/settings.h"
#include "controlplane/link/fan_out.h"
#include "controlplane/model/model.h"
#include "controlplane/supervisor/statistics.h"
#include "controlplane/supervisor/stats_lists.h"
#include "controlplane/tickets/ticket_table.h"
#include "goferd/admin/v1/log_level.pb.h"
#include "goferd/worker/v1/frame.pb.h"
#include "goferd/worker/v1/stats.pb.h"

namespace goferd::supervisor {

namespace admin = goferd::admin::v1;

class StatisticsOperations final : public Statistics {
 public:
  // All outlive it.
  StatisticsOperations(model::Model& model, tickets::TicketTable& tickets,
                       const gofers::Settings& settings, gofers::Host& host)
      : model_(model), tickets_(tickets), settings_(settings), host_(host) {}

  absl::StatusOr<StatsList> GetStats(
      const names::ServerScope& servers,
      const std::optional<names::ConnectionScope>& connections) override;
  absl::StatusOr<InflightList> ListInflight(
      const names::ServerScope& servers,
      const names::ConnectionScope& connections,
      absl::Duration min_age) override;
  absl::StatusOr<LogLevelChange> SetGoferLogLevel(
      const names::ServerScope& servers, admin::LogLevel level,
      Effect effect) override;
  Totals GetTotals() const override;

 private:
  struct Target {
    model::ServerPtr server;
    std::shared_ptr<link::GoferLink> link;
  };
  // The servers of the scope, in order. SERVER_NOT_FOUND.
  absl::StatusOr<std::vector<Target>> Find(
      const names::ServerScope& servers) const;
  absl::StatusOr<std::vector<admin::Stats>> Read(
      const Target& target,
      const std::optional<names::ConnectionScope>& connections,
      const link::FanOut& fan_out);
  absl::StatusOr<std::vector<admin::Stats>> ReadConnections(
      const Target& target, const names::ConnectionScope& connections,
      const link::FanOut& fan_out);
  // In the order of `targets`.
  std::vector<absl::StatusOr<worker::v1::Response>> AskInflight(
      const std::vector<Target>& targets, absl::Duration min_age) const;
  // Answers the former one.
  absl::StatusOr<admin::LogLevel> SetLevel(model::ServerEntry& server,
                                           admin::LogLevel level, Effect effect,
                                           const link::FanOut& fan_out);
  absl::StatusOr<admin::Stats> ReadServer(const Target& target,
                                          const link::FanOut& fan_out);
  void AddInflight(const model::ModelLock& lock,
                   const model::ServerRecord& server,
                   const names::ConnectionScope& connections,
                   const worker::v1::InflightList& from_gofer,
                   InflightList& list);
  // FDs and the connection's name.
  using Holder = std::pair<int64_t, std::string>;
  // Takes the connections of a page among `holders` that hold the most FDs.
  static void TakeTopHolders(const model::ModelLock& lock,
                             const model::ServerRecord& server,
                             const worker::v1::StatsList& page,
                             std::vector<Holder>& holders);

  model::Model& model_;
  tickets::TicketTable& tickets_;
  const gofers::Settings& settings_;
  gofers::Host& host_;
};

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_STATISTICS_OPERATIONS_H_
