// SocketCommunicator: the server's side of a connection's socket.

#ifndef GOFER_SERVER_COMM_SOCKET_COMMUNICATOR_H_
#define GOFER_SERVER_COMM_SOCKET_COMMUNICATOR_H_

#include <atomic>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <span>

#include "server/base/errno.h"
#include "server/base/unique_fd.h"
#include "server/comm/byte_buffer.h"
#include "server/comm/communicator.h"
#include "server/flipcall/wait_environment.h"
#include "server/flipcall/waiter.h"

namespace gofer::comm {

// Owns the socket, which it shuts down and closes when destroyed. Reads as much
// as there is with one system call, so a small request costs one, and later
// requests that were already queued cost none. Between requests it waits as a
// channel does: a client that asks again at once is waited for on the core for
// some microseconds (flipcall::Waiter), an idle client costs nothing.
// Descriptors that a client attaches are dropped; where the kernel can, it does
// not let the client attach any (uds::RefuseFds).
//
// Memory: two private buffers that grow with the messages, to the maximum
// message size at most, and are given back when the client has been silent for
// a second.
//
// Source: gVisor pkg/lisafs/sock.go, Nov 2023.
class SocketCommunicator final : public Communicator {
 public:
  // A request that announces more than this ends the connection with EPROTO; a
  // request that is merely too long is read and dropped.
  static constexpr uint32_t kMaxDrainedBytes = uint32_t{64} << 20;
  // The most descriptors that one response can carry; a response with more goes
  // without any.
  static constexpr size_t kMaxFds = 253;

  // Large buffers are given back after this many milliseconds of silence.
  static constexpr int kIdleMillis = 1000;
  // Once ShutdownReceive was called, a response has five of these steps, in
  // milliseconds, to be taken. Before, a client that has sent more has five
  // steps in which it takes nothing. Any other response waits for ever: a
  // frozen sandbox loses nothing.
  static constexpr int kRoomStepMillis = 1000;

  // `socket`: connected, AF_UNIX, SOCK_STREAM, blocking or not.
  // `max_payload`: bytes, at most wire::kMaxMessageSize.
  // `environment`: outlives this object.
  SocketCommunicator(
      base::UniqueFd socket, uint32_t max_payload,
      int idle_millis = kIdleMillis,
      flipcall::WaitEnvironment& environment = flipcall::HostWaitEnvironment(),
      int room_step_millis = kRoomStepMillis);
  ~SocketCommunicator() override;

  Kind kind() const override { return Kind::kSocket; }
  base::ErrnoOr<Request> Receive() override;
  base::ErrnoOr<std::span<const std::byte>> Prefix(size_t n) override;
  std::span<const std::byte> Bulk(size_t offset) override;
  base::ErrnoOr<std::span<std::byte>> Response(size_t n) override;
  base::ErrnoOr<void> Send(uint16_t message, size_t payload_len,
                           std::span<const int> fds) override;
  void Shutdown() override;

  // The graceful half of Shutdown: a blocked or future Receive fails with
  // ESHUTDOWN, even when requests are queued, while a response in flight is
  // still sent if the client takes it (kRoomStepMillis). The client's next
  // write fails; it is not hung up on before Shutdown. Idempotent, any thread.
  void ShutdownReceive();

  // Bytes of both buffers. For the thread that uses the communicator.
  size_t buffer_bytes() const { return in_.capacity() + out_.capacity(); }

  // Statistics of the waiting; for tests.
  const flipcall::Waiter& waiter() const { return waiter_; }

  // The socket, borrowed.
  int fd() const { return socket_.get(); }

 private:
  class AwaitedRequest;

  // Ends the current request: its bytes make room.
  void ConsumeRequest();
  // Reads until `wanted` bytes are buffered.
  base::ErrnoOr<void> Fill(size_t wanted);
  base::ErrnoOr<void> Drain(size_t bytes);
  // Waits for the first bytes of a request, in an empty buffer.
  base::ErrnoOr<size_t> ReadFirst();
  base::ErrnoOr<size_t> ReadSome(std::span<std::byte> into);
  // Reads once; EAGAIN when there is nothing yet and it does not block.
  base::ErrnoOr<size_t> ReadOnce(std::span<std::byte> into, int flags);
  base::ErrnoOr<void> ReleaseWhenIdle();
  // How long a client has let one response wait, in steps of kRoomStepMillis.
  struct Patience {
    int unread = INT_MAX;
    int steps_idle = 0;
    int steps_closing = 0;
  };
  // Waits until there is room for more of a response. Errors: ESHUTDOWN, EPROTO
  // when the client takes too long (see kRoomStepMillis).
  base::ErrnoOr<void> WaitForRoom(Patience& patience);
  // What the client has not received yet, as the kernel counts it.
  int UnreadBytes() const;
  // Whether the client has taken its earlier responses, and descriptors, or
  // nearly so.
  bool ClientKeepsUp() const;
  bool receive_ended() const {
    return receive_ended_.load(std::memory_order_acquire);
  }

  base::UniqueFd socket_;
  const uint32_t max_payload_;
  const int idle_millis_;
  const int room_step_millis_;
  // Whether no request can have descriptors.
  const bool refuses_fds_;

  std::atomic<bool> receive_ended_ = false;
  std::atomic<bool> ended_ = false;

  // Bytes received and not consumed: [begin_, end_) of in_. The current request
  // is the first request_bytes_ of them, its header included.
  ByteBuffer in_;
  size_t begin_ = 0;
  size_t end_ = 0;
  size_t request_bytes_ = 0;
  // The response's header and payload.
  ByteBuffer out_;
  flipcall::Waiter waiter_;
};

}  // namespace gofer::comm

#endif  // GOFER_SERVER_COMM_SOCKET_COMMUNICATOR_H_
