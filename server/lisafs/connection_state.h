// ConnectionState: where a connection is in its life, and the table of the
// moves that it may make.

#ifndef GOFER_SERVER_LISAFS_CONNECTION_STATE_H_
#define GOFER_SERVER_LISAFS_CONNECTION_STATE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace gofer::lisafs {

enum class ConnectionState : uint8_t {
  kCreated,   // Made, not started.
  kAttached,  // Its thread waits for requests.
  kMounted,   // The client has mounted.
  kDraining,  // It ends when the client has no file open.
  kClosing,   // No new requests; tearing down.
  kEnded,     // Everything is released.
};

// Thread-safe.
class ConnectionStateCell {
 public:
  ConnectionState Get() const { return state_.load(std::memory_order_acquire); }

  // Moves to `to` if the table allows it from the present state; otherwise
  // changes nothing and returns false.
  bool Advance(ConnectionState to) {
    ConnectionState from = Get();
    do {
      if (!Allowed(from, to)) return false;
    } while (!state_.compare_exchange_weak(from, to, std::memory_order_acq_rel,
                                           std::memory_order_acquire));
    return true;
  }

  static constexpr bool Allowed(ConnectionState from, ConnectionState to) {
    return kMoves[static_cast<size_t>(from)][static_cast<size_t>(to)];
  }

 private:
  // Rows: from; columns: to. A created connection that is never started ends
  // at once.
  static constexpr std::array<std::array<bool, 6>, 6> kMoves = {{
      // Created Attached Mounted Draining Closing Ended
      {false, true, false, false, false, true},    // Created
      {false, false, true, true, true, false},     // Attached
      {false, false, false, true, true, false},    // Mounted
      {false, false, false, false, true, false},   // Draining
      {false, false, false, false, false, true},   // Closing
      {false, false, false, false, false, false},  // Ended
  }};

  std::atomic<ConnectionState> state_ = ConnectionState::kCreated;
};

}  // namespace gofer::lisafs

#endif  // GOFER_SERVER_LISAFS_CONNECTION_STATE_H_
