#include "server/worker/fd_shares.h"

#include <algorithm>

namespace gofer::worker {
namespace {

// FDs of the process itself: stdio, the tree, signals, logs, control.
constexpr uint64_t kOwnFds = 64;
// The sockets and memory of one connection, and what its requests open for a
// moment, besides its files.
constexpr uint64_t kOwnFdsPerConnection = 16;
// More than this only takes from who needs it.
constexpr uint64_t kMostAssured = 64;

}  // namespace

FdShares FdShares::Of(uint32_t max_fds, uint32_t connections,
                      uint32_t channels) {
  const uint64_t count = std::max(connections, 1u);
  const uint64_t wanted = kOwnFds + count * kOwnFdsPerConnection + channels;
  const uint64_t own = std::min<uint64_t>(wanted, max_fds / 2);
  const uint64_t left = max_fds - own;
  // Half of it at most, so that there is a pool.
  const uint64_t assured = std::min(kMostAssured, left / 2 / count);
  const uint64_t most_channels = own < wanted ? own / 4 : channels;
  return {.assured = static_cast<uint32_t>(assured),
          .pooled = static_cast<uint32_t>(left - assured * count),
          .channels = static_cast<uint32_t>(
              std::min<uint64_t>(channels, most_channels))};
}

}  // namespace gofer::worker
