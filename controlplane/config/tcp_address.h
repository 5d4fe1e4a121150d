// TcpAddress: where a TCP port is, as the configuration writes it.

#ifndef GOFERD_CONTROLPLANE_CONFIG_TCP_ADDRESS_H_
#define GOFERD_CONTROLPLANE_CONFIG_TCP_ADDRESS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace goferd::config {

struct TcpAddress {
  // A numeric address, without brackets.
  std::string host;
  uint16_t port = 0;
  bool is_loopback = false;
};

// Reads "10.0.0.5:7443" or "[::1]:7443". Returns nothing for other texts, names
// among them: the address that a name stands for may change.
std::optional<TcpAddress> ParseTcpAddress(absl::string_view text);

}  // namespace goferd::config

#endif  // GOFERD_CONTROLPLANE_CONFIG_TCP_ADDRESS_H_
