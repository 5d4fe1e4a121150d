// Connections: the connections of servers, started, read and stopped.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_CONNECTIONS_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_CONNECTIONS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "controlplane/names/resource_name.h"
#include "controlplane/names/scope.h"
#include "controlplane/supervisor/effect.h"

namespace goferd::admin::v1 {
class Connection;
class StopConnectionRequest;
}  // namespace goferd::admin::v1
namespace goferd::model {
struct ConnectionCounts;
}  // namespace goferd::model

namespace goferd::supervisor {

namespace admin = goferd::admin::v1;

struct ConnectionSpec;
struct StartedConnection;

// The connections, as admin messages with names. See Servers about waiting and
// errors. Thread-safe.
class Connections {
 public:
  virtual ~Connections() = default;

  // All or none, in the order of `specs`. The tickets can be used together.
  virtual absl::StatusOr<std::vector<StartedConnection>> Start(
      const std::vector<ConnectionSpec>& specs, Effect effect) = 0;
  // For a repeated StartConnection: the connection with that uid as it is now,
  // with a ticket in place of the former while it is PENDING_ATTACH.
  virtual absl::StatusOr<StartedConnection> RenewTicket(
      absl::string_view server_id, absl::string_view connection_id,
      absl::string_view uid) = 0;
  virtual absl::StatusOr<admin::Connection> Get(
      absl::string_view server_id, absl::string_view connection_id) const = 0;
  // As Servers::Visit, from behind `after` or from the first connection on.
  // Errors: SERVER_NOT_FOUND.
  virtual absl::StatusOr<int64_t> Visit(
      const names::ServerScope& servers,
      const std::optional<names::ChildName>& after,
      absl::FunctionRef<bool(const admin::Connection&)> visit) const = 0;
  // `request` has its fields checked; etag and acknowledgement are not yet.
  virtual absl::StatusOr<admin::Connection> Stop(
      absl::string_view server_id, absl::string_view connection_id,
      const admin::StopConnectionRequest& request) = 0;
  // Takes constant time. Errors: SERVER_NOT_FOUND.
  virtual absl::StatusOr<model::ConnectionCounts> Count(
      const names::ServerScope& servers) const = 0;
};

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_CONNECTIONS_H_
