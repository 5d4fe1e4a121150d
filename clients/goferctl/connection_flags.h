// Flags of ConnectionOptions.

#ifndef GOFERD_CLIENTS_GOFERCTL_CONNECTION_FLAGS_H_
#define GOFERD_CLIENTS_GOFERCTL_CONNECTION_FLAGS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "goferd/admin/v1/connection_options.pb.h"

namespace CLI {
class App;
}  // namespace CLI

namespace goferctl {

// The options of a connection that the command line gave. The server's defaults
// stand for the others.
struct ConnectionFlags {
  using Options = goferd::admin::v1::ConnectionOptions;

  std::optional<bool> readonly;
  Options::HostFdDonation donate = Options::HOST_FD_DONATION_UNSPECIFIED;
  Options::HostUds host_uds = Options::HOST_UDS_UNSPECIFIED;
  Options::HostFifo host_fifo = Options::HOST_FIFO_UNSPECIFIED;
  Options::CharacterDevices devices = Options::CHARACTER_DEVICES_UNSPECIFIED;
  Options::ProtocolLevel protocol = Options::PROTOCOL_LEVEL_UNSPECIFIED;
  int32_t max_message_size = 0;
  int32_t max_channels = 0;
  int32_t max_fds = 0;
  int32_t max_nodes = 0;
};

// `prefix` stands between "--" and the flags' names: "default-",
// "ceiling-", or empty.
void DeclareConnectionFlags(CLI::App& app, const std::string& prefix,
                            ConnectionFlags& flags);

ConnectionFlags::Options OptionsOf(const ConnectionFlags& flags);
// The names of the ConnectionOptions fields that were given.
std::vector<std::string> FieldsOf(const ConnectionFlags& flags);

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_CONNECTION_FLAGS_H_
