// StatsList, InflightList, Totals: what Statistics answers.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_STATS_LISTS_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_STATS_LISTS_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "controlplane/model/connection_counts.h"
#include "goferd/admin/v1/daemon_service.pb.h"
#include "goferd/admin/v1/server.pb.h"
#include "goferd/admin/v1/stats.pb.h"

namespace goferd::supervisor {

namespace admin = goferd::admin::v1;

struct StatsList {
  // In the order of names.
  std::vector<admin::Stats> stats;
  std::vector<std::string> unreachable;
};

struct InflightList {
  // The oldest first.
  std::vector<admin::InflightRpc> rpcs;
  std::vector<std::string> unreachable;
};

// What became of a change of gofers' log levels.
struct LogLevelChange {
  // Of one server; unspecified for all of them.
  admin::LogLevel former = admin::LOG_LEVEL_UNSPECIFIED;
  // With all servers: those whose gofers were not told.
  std::vector<std::string> unreachable;
};

// For metrics.
struct Totals {
  std::array<int64_t, admin::Server::State_ARRAYSIZE> servers_by_state{};
  model::ConnectionCounts connections;
  int64_t pending_tickets = 0;
  int64_t rules = 0;
  int64_t gofer_restarts = 0;
  int64_t gofer_crashes = 0;
};

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_STATS_LISTS_H_
