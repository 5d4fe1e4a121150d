// Flags of StartConnection.

#ifndef GOFERD_CLIENTS_GOFERCTL_START_FLAGS_H_
#define GOFERD_CLIENTS_GOFERCTL_START_FLAGS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "clients/goferctl/connection_flags.h"
#include "goferd/admin/v1/connection_service.pb.h"

namespace CLI {
class App;
}  // namespace CLI

namespace goferctl {

// The properties of connections to start, except their ids and mounts.
struct StartFlags {
  ConnectionFlags options;
  goferd::admin::v1::AttachMode attach =
      goferd::admin::v1::ATTACH_MODE_UNSPECIFIED;
  std::optional<uint32_t> peer_uid;
  std::optional<uint32_t> peer_gid;
  std::optional<int32_t> peer_pid;
  std::string ticket_ttl;
  std::vector<std::string> labels;
};

// Declares all flags; the flags of a command that attaches by itself, which has
// no attach mode, peer and ticket ttl; the flags of the peer and the ticket
// ttl.
void DeclareStartFlags(CLI::App& app, StartFlags& flags);
void DeclareStartFlagsForAttached(CLI::App& app, StartFlags& flags);
void DeclarePeerFlags(CLI::App& app, StartFlags& flags);

// Sets every field but `parent` and `request_id`.
goferd::admin::v1::StartConnectionRequest StartRequest(
    const StartFlags& flags, const std::string& id,
    const std::string& mount_path);

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_START_FLAGS_H_
