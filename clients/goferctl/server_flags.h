// Flags of a Server.

#ifndef GOFERD_CLIENTS_GOFERCTL_SERVER_FLAGS_H_
#define GOFERD_CLIENTS_GOFERCTL_SERVER_FLAGS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "clients/goferctl/connection_flags.h"
#include "goferd/admin/v1/server.pb.h"

namespace CLI {
class App;
}  // namespace CLI

namespace goferctl {

// The fields that may change while a server lives.
struct ServerSettings {
  std::vector<std::string> labels;
  std::optional<int32_t> max_connections;
  std::optional<int32_t> max_fds;
  std::optional<int32_t> max_channels;
  std::string max_memory;
  std::string ttl;
  ConnectionFlags defaults;
  ConnectionFlags maxima;
};

// The fields that are fixed when a server is created.
struct ServerTree {
  using Server = goferd::admin::v1::Server;

  std::string root;
  std::string oci_bundle;
  std::optional<bool> walk_stat;
  std::optional<bool> set_attr_on_deleted;
  std::optional<bool> allocate_on_deleted;
  std::optional<bool> open_on_deleted;
  std::vector<std::string> uid_map;
  std::vector<std::string> gid_map;
  Server::SandboxMode sandbox = Server::SANDBOX_MODE_UNSPECIFIED;
  Server::RestartPolicy restart = Server::RESTART_POLICY_UNSPECIFIED;
  bool follow_symlinks = false;
};

void DeclareServerSettings(CLI::App& app, ServerSettings& settings);
void DeclareServerTree(CLI::App& app, ServerTree& tree);

// Each sets the fields that were given, and no others. Usage error for a
// malformed word.
absl::Status SetSettings(const ServerSettings& settings,
                         goferd::admin::v1::Server* server);
absl::Status SetTree(const ServerTree& tree, goferd::admin::v1::Server* server);

// The paths of an update mask for what was given.
std::vector<std::string> MaskOf(const ServerSettings& settings);

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_SERVER_FLAGS_H_
