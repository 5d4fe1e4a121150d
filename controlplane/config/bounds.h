// The most that a configuration may ask for. Code that reads an earlier run's
// state makes room for this much, whatever the configuration says now.

#ifndef GOFERD_CONTROLPLANE_CONFIG_BOUNDS_H_
#define GOFERD_CONTROLPLANE_CONFIG_BOUNDS_H_

#include <cstdint>

#include "absl/time/time.h"

namespace goferd::config {

// The most servers of one node.
inline constexpr int32_t kMostServers = 1 << 20;
// The longest time that a ticket is good, by the configuration or by a request.
inline constexpr absl::Duration kMostTicketTtl = absl::Minutes(10);

}  // namespace goferd::config

#endif  // GOFERD_CONTROLPLANE_CONFIG_BOUNDS_H_
