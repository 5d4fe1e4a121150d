// What goferd checks before a gofer does, so that both mean the same.

#ifndef GOFER_SERVER_CONTROL_BOUNDS_H_
#define GOFER_SERVER_CONTROL_BOUNDS_H_

#include <cstdint>

namespace gofer::control {

// Of a server's max_fds. With fewer a gofer has none left for its clients.
inline constexpr uint32_t kFewestServerFds = 64;
// Rules of one server.
inline constexpr uint32_t kMostRules = 1000;

}  // namespace gofer::control

#endif  // GOFER_SERVER_CONTROL_BOUNDS_H_
