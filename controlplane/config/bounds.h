// What a config may ask for at most, for those who have to make room for it
// whatever the config says now.

#ifndef GOFERD_CONTROLPLANE_CONFIG_BOUNDS_H_
#define GOFERD_CONTROLPLANE_CONFIG_BOUNDS_H_

#include <cstdint>

#include "absl/time/time.h"

namespace goferd::config {

// Servers of one node.
inline constexpr int32_t kMostServers = 1 << 20;
// How long a ticket is good, by the config or by a request.
inline constexpr absl::Duration kMostTicketTtl = absl::Minutes(10);

}  // namespace goferd::config

#endif  // GOFERD_CONTROLPLANE_CONFIG_BOUNDS_H_
