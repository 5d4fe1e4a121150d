// Connections that goferctl starts itself, to use their sockets or paths.

#ifndef GOFERD_CLIENTS_GOFERCTL_ATTACHED_H_
#define GOFERD_CLIENTS_GOFERCTL_ATTACHED_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "clients/goferctl/context.h"
#include "clients/goferctl/start_flags.h"
#include "server/base/unique_fd.h"

namespace goferctl {

// A connection to start: its id, and its mount point in the tree.
struct Mount {
  std::string id;
  std::string path;
};

// Makes an id for a connection nobody named: "goferctl-" and a random end.
std::string TemporaryId();

// Starts a connection of `server` (a resource name) for each of `mounts`, all
// or none, and returns their sockets in the same order. A connection that was
// started and cannot be attached ends by itself when its ticket expires.
// Errors: those of BatchStartConnections and of AttachClient::Take.
absl::StatusOr<std::vector<gofer::base::UniqueFd>> StartAndAttach(
    const Context& context, Node& node, const std::string& server,
    const StartFlags& flags, const std::vector<Mount>& mounts);

// Starts connections as StartAndAttach does, and returns the paths of their
// sockets, for a program to connect to. Errors: those of BatchStartConnections.
absl::StatusOr<std::vector<std::string>> StartAndListen(
    const Context& context, Node& node, const std::string& server,
    const StartFlags& flags, const std::vector<Mount>& mounts);

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_ATTACHED_H_
