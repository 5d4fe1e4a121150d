// ConnectionCounts: how many connections are in each state, and how many work
// on the host's files by themselves.

#ifndef GOFERD_CONTROLPLANE_MODEL_CONNECTION_COUNTS_H_
#define GOFERD_CONTROLPLANE_MODEL_CONNECTION_COUNTS_H_

#include <array>
#include <cstdint>

#include "goferd/admin/v1/connection.pb.h"

namespace goferd::model {

namespace admin = goferd::admin::v1;

// Connections by state, without ended ones unless they are listed still.
struct ConnectionCounts {
  // Indexed by admin::Connection::State.
  std::array<int64_t, admin::Connection::State_ARRAYSIZE> by_state{};

  // Active ones whose mount_fd is DONATED.
  int64_t mount_fd_donated = 0;

  // ATTACHED, MOUNTED and DRAINING.
  int64_t active() const {
    return by_state[admin::Connection::ATTACHED] +
           by_state[admin::Connection::MOUNTED] +
           by_state[admin::Connection::DRAINING];
  }
  static bool IsActive(admin::Connection::State state) {
    return state == admin::Connection::ATTACHED ||
           state == admin::Connection::MOUNTED ||
           state == admin::Connection::DRAINING;
  }
};

}  // namespace goferd::model

#endif  // GOFERD_CONTROLPLANE_MODEL_CONNECTION_COUNTS_H_
