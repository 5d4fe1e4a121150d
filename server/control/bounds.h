// The limits that goferd checks before a gofer does, so that both mean the
// same.

#ifndef GOFER_SERVER_CONTROL_BOUNDS_H_
#define GOFER_SERVER_CONTROL_BOUNDS_H_

#include <cstddef>
#include <cstdint>

namespace gofer::control {

// The least max_fds of a server. With fewer FDs a gofer has none left for its
// clients.
inline constexpr uint32_t kFewestServerFds = 64;
// The most rules of one server.
inline constexpr uint32_t kMostRules = 1000;
// The most bytes of daemon_data of a rule, of a connection and of a server.
inline constexpr size_t kMostRuleData = size_t{32} << 10;
inline constexpr size_t kMostConnectionData = size_t{16} << 10;
inline constexpr size_t kMostServerData = size_t{64} << 10;

}  // namespace gofer::control

#endif  // GOFER_SERVER_CONTROL_BOUNDS_H_
