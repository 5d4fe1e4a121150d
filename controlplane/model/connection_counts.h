// ConnectionCounts: how many connections are in each state.

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

  // ATTACHED, MOUNTED and DRAINING.
  int64_t active() const {
    return by_state[admin::Connection::ATTACHED] +
           by_state[admin::Connection::MOUNTED] +
           by_state[admin::Connection::DRAINING];
  }
};

}  // namespace goferd::model

#endif  // GOFERD_CONTROLPLANE_MODEL_CONNECTION_COUNTS_H_
