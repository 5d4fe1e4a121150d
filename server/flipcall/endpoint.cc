#include "server/flipcall/endpoint.h"

#include <time.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

#include "server/flipcall/futex.h"

namespace gofer::flipcall {
namespace {

// Bits of control_: our thread is between EnterBlocking and LeaveBlocking;
// Shutdown was called. The thread that makes "shut down and not blocked" true
// publishes the shutdown in the window.
constexpr uint32_t kBlocked = 1;
constexpr uint32_t kShutdown = 2;

// Shutdown wakes a blocked thread this many times, with naps in between that
// double from the first: 20 ms in all.
constexpr int kShutdownWakes = 11;
constexpr long kFirstNapNanos = 20'000;

constexpr uint32_t Word(ConnState state) {
  return static_cast<uint32_t>(state);
}

bool IsJsonSpace(std::byte b) {
  const char c = static_cast<char>(b);
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// Each byte is read once: the peer may change them meanwhile.
bool IsHandshake(std::span<const std::byte> datagram) {
  size_t at = 0;
  while (at < datagram.size() && IsJsonSpace(datagram[at])) ++at;
  char value[4] = {};
  std::memcpy(value, datagram.data() + at,
              std::min(sizeof(value), datagram.size() - at));
  return value[0] == '{' || std::memcmp(value, "null", sizeof(value)) == 0;
}

}  // namespace

Endpoint::Endpoint(Role role, PacketWindow window, WaitEnvironment& environment,
                   const Waiter::Tuning& tuning)
    : own_active_(Word(role == Role::kClient ? ConnState::kClientActive
                                             : ConnState::kServerActive)),
      peer_active_(Word(role == Role::kClient ? ConnState::kServerActive
                                              : ConnState::kClientActive)),
      role_(role),
      window_(std::move(window)),
      waiter_(environment, tuning) {}

base::ErrnoOr<void> Endpoint::Handshake() {
  if (role_ == Role::kServer) {
    if (auto received = ReceiveHandshake(); !received.ok()) return received;
    return SendHandshake();
  }
  if (auto sent = SendHandshake(); !sent.ok()) return sent;
  return ReceiveHandshake();
}

base::ErrnoOr<void> Endpoint::SendHandshake() {
  std::memcpy(data().data(), kHandshake, sizeof(kHandshake));
  return HandOver(sizeof(kHandshake));
}

base::ErrnoOr<void> Endpoint::ReceiveHandshake() {
  const auto data_len = WaitForTurn();
  if (!data_len.ok()) return data_len.error();
  if (!IsHandshake(data().first(*data_len))) return FailProtocol();
  return {};
}

base::ErrnoOr<uint32_t> Endpoint::WaitForTurn() {
  if (!EnterBlocking()) return base::Errno(ESHUTDOWN);
  const auto turn = BlockUntilActive();
  if (!LeaveBlocking()) return base::Errno(ESHUTDOWN);
  if (!turn.ok()) {
    return turn.error() == base::Errno(EPROTO) ? FailProtocol() : turn.error();
  }
  const uint32_t data_len = window_.data_len().load(std::memory_order_relaxed);
  if (data_len > data().size()) return FailProtocol();
  return data_len;
}

base::ErrnoOr<void> Endpoint::BlockUntilActive() {
  for (;;) {
    const uint32_t state = window_.conn_state().load(std::memory_order_acquire);
    if (state == own_active_) return {};
    if (state == Word(ConnState::kShutDown)) return base::Errno(ECONNRESET);
    if (state != peer_active_) return base::Errno(EPROTO);
    // Checked after the state, every time: a hostile peer may put the state
    // back after a shutdown.
    if (shutdown_requested()) return base::Errno(ESHUTDOWN);
    const auto waited = waiter_.WaitWhile(window_.conn_state_word(),
                                          peer_active_, control_, kShutdown);
    if (!waited.ok()) return waited;
  }
}

base::ErrnoOr<void> Endpoint::HandOver(uint32_t data_len) {
  if (shutdown_requested()) return base::Errno(ESHUTDOWN);
  window_.data_len().store(data_len, std::memory_order_relaxed);
  uint32_t state = own_active_;
  if (!window_.conn_state().compare_exchange_strong(
          state, peer_active_, std::memory_order_acq_rel)) {
    if (state != Word(ConnState::kShutDown)) return FailProtocol();
    return base::Errno(shutdown_requested() ? ESHUTDOWN : ECONNRESET);
  }
  FutexWake(window_.conn_state_word(), 1);
  return {};
}

void Endpoint::Shutdown() {
  const uint32_t before = control_.fetch_or(kShutdown);
  if ((before & kShutdown) != 0) return;
  if ((before & kBlocked) == 0) {
    PublishShutdown();
    return;
  }
  // Where our thread sleeps on control_, the first wake ends that. Elsewhere:
  // INT_MAX, because a hostile peer may sleep on the word too, to steal our
  // wake. Repeated, because our thread may be just about to sleep. Not for
  // ever: where the peer has put our thread out of reach, a timeout ends its
  // sleep.
  timespec nap = {.tv_sec = 0, .tv_nsec = kFirstNapNanos};
  for (int wake = 0; wake < kShutdownWakes; ++wake, nap.tv_nsec *= 2) {
    FutexWakeOwn(control_);
    FutexWake(window_.conn_state_word(), INT_MAX);
    ::nanosleep(&nap, nullptr);
    if ((control_.load() & kBlocked) == 0) return;
  }
}

bool Endpoint::EnterBlocking() {
  const uint32_t before = control_.fetch_add(kBlocked);
  if ((before & kShutdown) == 0) return true;
  control_.fetch_sub(kBlocked);
  return false;
}

bool Endpoint::LeaveBlocking() {
  const uint32_t before = control_.fetch_sub(kBlocked);
  if ((before & kShutdown) == 0) return true;
  PublishShutdown();
  return false;
}

bool Endpoint::shutdown_requested() const {
  return (control_.load() & kShutdown) != 0;
}

void Endpoint::PublishShutdown() {
  const uint32_t before =
      window_.conn_state().exchange(Word(ConnState::kShutDown));
  // An active peer is awake, and its next hand-over fails.
  if (before != peer_active_ && before != Word(ConnState::kShutDown)) {
    FutexWake(window_.conn_state_word(), INT_MAX);
  }
}

base::Errno Endpoint::FailProtocol() {
  Shutdown();
  return base::Errno(EPROTO);
}

}  // namespace gofer::flipcall
