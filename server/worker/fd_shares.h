// FdShares: how the descriptors of a gofer process are divided.

#ifndef GOFER_SERVER_WORKER_FD_SHARES_H_
#define GOFER_SERVER_WORKER_FD_SHARES_H_

#include <cstdint>

namespace gofer::worker {

// What clients cannot use up stays for the process itself: the tree, signals,
// logs, a goferd that adopts it, and each connection's sockets and channels.
struct FdShares {
  // `max_fds`: RLIMIT_NOFILE. `connections`, `channels`: the most that there
  // may be.
  static FdShares Of(uint32_t max_fds, uint32_t connections, uint32_t channels);

  // For each connection, whatever others do.
  uint32_t assured = 0;
  // For all connections together, besides.
  uint32_t pooled = 0;
  // The channels that may be open: fewer than asked for where the process keeps
  // less than it needs, because clients have half of all descriptors in any
  // case.
  uint32_t channels = 0;
};

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_FD_SHARES_H_
