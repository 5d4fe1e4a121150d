// Communicator: one request/response pathway of a connection as the server sees
// it, either the connection's socket or one of its channels.

#ifndef GOFER_SERVER_COMM_COMMUNICATOR_H_
#define GOFER_SERVER_COMM_COMMUNICATOR_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "server/base/errno.h"

namespace gofer::comm {

// A received request. The message id is the client's word for it and may be any
// number. `too_long` says that the payload exceeded the maximum; it has been
// consumed and dropped, and the answer is EIO.
struct Request {
  uint16_t message = 0;
  uint32_t payload_len = 0;
  bool too_long = false;
};

// Owned by its connection and used by one thread at a time, except Shutdown,
// which any thread may call.
//
// A request's payload is untrusted and, on a channel, may be changed by the
// client while we look at it. Hence two views of it: Prefix copies bytes once
// into private memory, and only such a copy may be parsed; Bulk is the raw
// tail, fit only to be handed to one system call that reads it once. Both stay
// valid until the response is sent: the response is written elsewhere (socket)
// or Prefix has been copied out before (channel). On a channel Bulk shares
// memory with Response: it must not be read after the response has been begun.
class Communicator {
 public:
  enum class Kind { kSocket, kChannel };

  Communicator() = default;
  virtual ~Communicator() = default;
  Communicator(const Communicator&) = delete;
  Communicator& operator=(const Communicator&) = delete;

  virtual Kind kind() const = 0;

  // Blocks for the next request. Errors end the pathway: ECONNRESET when the
  // client closed its end, ESHUTDOWN after Shutdown, EPROTO when the client
  // broke the transport's rules, another errno when the socket failed.
  virtual base::ErrnoOr<Request> Receive() = 0;

  // A private, stable copy of the first min(n, payload_len) bytes of the
  // payload. Calling it again with a larger n copies again from the window: a
  // caller decides on one n per request. Errors: ENOMEM.
  virtual base::ErrnoOr<std::span<const std::byte>> Prefix(size_t n) = 0;

  // The payload from `offset` (at most payload_len) on; see above.
  virtual std::span<const std::byte> Bulk(size_t offset) = 0;

  // Room for a response payload of `n` bytes (at most the maximum message
  // size). The memory is write-only: on a channel the client can change it at
  // any time. Errors: ENOMEM.
  virtual base::ErrnoOr<std::span<std::byte>> Response(size_t n) = 0;

  // Sends the first `payload_len` bytes of Response() as the answer `message`,
  // together with `fds` (borrowed; at most 255), and on a channel waits for
  // nothing. Errors end the pathway, as in Receive.
  //
  // The kernel limits the descriptors that a user has sent and nobody has taken
  // (to RLIMIT_NOFILE, ETOOMANYREFS), and all connections share that limit. So
  // a client that does not take its descriptors gets no more after a few: on a
  // channel, an FD that cannot be queued at once is left out with all FDs after
  // it, and the count in the header says so; on a socket, a response that
  // follows some KiB of unread responses goes without FDs. Where the kernel
  // refuses, the response goes without descriptors too, which clients take for
  // "none". A client with one request at a time on each pathway never sees
  // this.
  virtual base::ErrnoOr<void> Send(uint16_t message, size_t payload_len,
                                   std::span<const int> fds) = 0;

  // Makes a blocked or future Receive or Send fail with ESHUTDOWN, and tells
  // the client that the pathway has ended. Idempotent, any thread.
  virtual void Shutdown() = 0;
};

}  // namespace gofer::comm

#endif  // GOFER_SERVER_COMM_COMMUNICATOR_H_
