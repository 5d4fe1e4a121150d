// Endpoint: one side of a flipcall channel. Two endpoints on one packet window
// take turns: the active endpoint owns the datagram, hands it over and waits
// until it gets it back.

#ifndef GOFER_SERVER_FLIPCALL_ENDPOINT_H_
#define GOFER_SERVER_FLIPCALL_ENDPOINT_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "server/base/errno.h"
#include "server/flipcall/layout.h"
#include "server/flipcall/packet_window.h"
#include "server/flipcall/wait_environment.h"
#include "server/flipcall/waiter.h"

namespace gofer::flipcall {

// Owns its window. Used by one thread at a time, except Shutdown, which any
// thread may call; destroyed only after that thread has left it.
//
// The peer is hostile: it can write any word at any time, and move or hide a
// thread that sleeps on it. Nothing that the peer does makes us read outside
// the window, or wait where Shutdown does not reach us: a blocked thread sleeps
// on a word of ours as well, which the peer cannot reach. An idle channel costs
// nothing. On a kernel without such a sleep (before 5.16) a blocked thread
// looks for a shutdown once per second.
//
// Errors of all calls: ESHUTDOWN after our own Shutdown; ECONNRESET when the
// peer shut the channel down; EPROTO when it broke the rules; or an error of
// futex(2). After EPROTO the window is marked as shut down, so that the peer
// does not wait for us (gVisor's server lets it wait, quirk Q17).
//
// Source: gVisor pkg/flipcall/{flipcall,futex_linux,io}.go, Nov 2023.
class Endpoint {
 public:
  enum class Role { kClient, kServer };

  Endpoint(Role role, PacketWindow window,
           WaitEnvironment& environment = HostWaitEnvironment(),
           const Waiter::Tuning& tuning = Waiter::kDefaultTuning);
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  // Exchanges the opening datagrams. Call it once, before anything else;
  // afterwards it is the client's turn. A server accepts the same as gVisor's:
  // a JSON object or null after white space, whatever follows it; an object is
  // recognised by its opening brace.
  base::ErrnoOr<void> Handshake();

  // Blocks until it is our turn. Returns the length of the peer's datagram, at
  // most data().size() and read only once.
  base::ErrnoOr<uint32_t> WaitForTurn();

  // Gives the first `data_len` bytes of data() (at most its size) and the turn
  // to the peer, and does not wait for it to come back.
  base::ErrnoOr<void> HandOver(uint32_t data_len);

  // The datagram. The memory stays mapped, but the peer can change its content.
  std::span<std::byte> data() const { return window_.data(); }

  // Ends the channel for both sides; a thread in WaitForTurn returns at once
  // (before kernel 5.16 within a second when the peer interferes). Once that
  // thread has returned (or Shutdown has, if no thread was waiting) the window
  // says that it is shut down. Takes some 20 ms at most. Idempotent; any thread
  // may call it.
  void Shutdown();

  const Waiter& waiter() const { return waiter_; }

 private:
  base::ErrnoOr<void> SendHandshake();
  base::ErrnoOr<void> ReceiveHandshake();
  base::ErrnoOr<void> BlockUntilActive();
  bool EnterBlocking();
  bool LeaveBlocking();
  bool shutdown_requested() const;
  void PublishShutdown();
  base::Errno FailProtocol();

  const uint32_t own_active_;
  const uint32_t peer_active_;
  const Role role_;
  const PacketWindow window_;
  Waiter waiter_;

  // kBlocked | kShutdown, see the .cc file. A blocked thread sleeps on it.
  std::atomic<uint32_t> control_ = 0;
};

}  // namespace gofer::flipcall

#endif  // GOFER_SERVER_FLIPCALL_ENDPOINT_H_
