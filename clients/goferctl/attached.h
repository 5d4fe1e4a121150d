// Connections that goferctl starts, and takes the sockets or the paths of.

#ifndef GOFERD_CLIENTS_GOFERCTL_ATTACHED_H_
#define GOFERD_CLIENTS_GOFERCTL_ATTACHED_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "clients/goferctl/context.h"
#include "clients/goferctl/start_flags.h"
#include "server/base/unique_fd.h"

namespace goferctl {

// A connection to be.
struct Mount {
  std::string id;
  std::string path;
};

// "goferctl-" and a random end.
std::string TemporaryId();

// Starts a connection of `server` (a resource name) for each of `mounts`, all
// or none, and takes their sockets, in the same order. What was started and
// cannot be attached ends by itself when its ticket expires. Errors: those of
// BatchStartConnections and of AttachClient::Take.
absl::StatusOr<std::vector<gofer::base::UniqueFd>> StartAndAttach(
    const Context& context, Node& node, const std::string& server,
    const StartFlags& flags, const std::vector<Mount>& mounts);

// Starts them as StartAndAttach does, for others to connect to: their paths.
// Errors: those of BatchStartConnections.
absl::StatusOr<std::vector<std::string>> StartAndListen(
    const Context& context, Node& node, const std::string& server,
    const StartFlags& flags, const std::vector<Mount>& mounts);

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_ATTACHED_H_
