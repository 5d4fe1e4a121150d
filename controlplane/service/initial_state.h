// InitialState: all resources, in the form of ADDED events.

#ifndef GOFERD_CONTROLPLANE_SERVICE_INITIAL_STATE_H_
#define GOFERD_CONTROLPLANE_SERVICE_INITIAL_STATE_H_

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "controlplane/names/scope.h"
#include "controlplane/supervisor/node.h"
#include "goferd/admin/v1/event_service.pb.h"

namespace goferd::service {

namespace admin = goferd::admin::v1;

// Goes through the resources in slices of bounded size: first the servers, then
// their connections, then their gofers' rules and handlers. Every slice shows
// one revision, which is kept: an older event that is sent after the slice
// would set the client back. Not thread-safe.
class InitialState {
 public:
  // Shows the servers of `scope`. The parts that `node` names outlive the
  // object.
  InitialState(const supervisor::Node& node, names::ServerScope scope);

  // Returns the next slice of ADDED events; a slice may be empty. Blocks.
  // Errors: SERVER_NOT_FOUND, when the scope names a server that is missing.
  absl::StatusOr<std::vector<admin::Event>> Next();
  bool done() const { return phase_ == Phase::kDone; }

  // Events after this revision must be sent, unless IsKnown.
  int64_t revision() const { return revision_; }
  // Whether a slice has the resource as it was after `event`, or later.
  bool IsKnown(const admin::Event& event) const;

 private:
  enum class Phase { kServers, kConnections, kOfServers, kDone };
  using Events = std::vector<admin::Event>;

  absl::StatusOr<Events> NextServers();
  absl::StatusOr<Events> NextConnections();
  absl::StatusOr<Events> NextOfServer();
  void AddRules(const std::string& server_id, Events& events);
  void AddHandlers(const std::string& server_id, Events& events);

  const supervisor::Node node_;
  const names::ServerScope scope_;
  const int64_t revision_;
  Phase phase_ = Phase::kServers;
  // The last name or id of the slice before.
  std::string after_;
  std::vector<std::string> server_ids_;
  size_t next_server_ = 0;
  // For each kind of resource: the last name of each slice, and its revision.
  std::map<int, std::map<std::string, int64_t>> slices_;
};

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_INITIAL_STATE_H_
