// ConnectionCount: counts connections by state and by server.

#ifndef GOFERD_CONTROLPLANE_SERVICE_CONNECTION_COUNT_H_
#define GOFERD_CONTROLPLANE_SERVICE_CONNECTION_COUNT_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "controlplane/errors/error.h"
#include "controlplane/model/connection_counts.h"
#include "controlplane/service/filter.h"
#include "controlplane/supervisor/connections.h"
#include "controlplane/supervisor/servers.h"
#include "goferd/admin/v1/connection_service.pb.h"

namespace goferd::service {

namespace admin = goferd::admin::v1;

// Made for one GetActiveConnectionCount. The total is the sum of the groups,
// even if connections change meanwhile.
class ConnectionCount {
 public:
  struct Groups {
    bool by_state = false;
    bool by_server = false;
  };

  static Groups CheckGroups(
      errors::FieldViolations& violations,
      const admin::GetActiveConnectionCountRequest& request);

  // Adds the active connections of a server, or of all ("-"). Takes constant
  // time, or one step for each server when servers are counted apart. Errors:
  // SERVER_NOT_FOUND.
  absl::Status AddActive(const supervisor::Servers& servers,
                         const supervisor::Connections& connections,
                         const std::string& server_id, Groups groups);
  // Adds the connections that match; only active connections unless the filter
  // asks for states. Looks at every connection.
  absl::Status AddMatching(const supervisor::Connections& connections,
                           const std::string& server_id, const Filter& filter);

  admin::GetActiveConnectionCountResponse ToResponse(Groups groups) const;

 private:
  void Add(const std::string& server_id, const model::ConnectionCounts& counts);

  int64_t total_ = 0;
  std::map<admin::Connection::State, int64_t> by_state_;
  // Counts by the server's name.
  std::map<std::string, int64_t> by_server_;
};

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_CONNECTION_COUNT_H_
