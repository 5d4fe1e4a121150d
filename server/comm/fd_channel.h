// FdChannel: one end of the SOCK_SEQPACKET pair that carries descriptors beside
// a flipcall channel, one per zero-length message.

#ifndef GOFER_SERVER_COMM_FD_CHANNEL_H_
#define GOFER_SERVER_COMM_FD_CHANNEL_H_

#include <cstddef>
#include <span>
#include <utility>

#include "server/base/errno.h"
#include "server/base/unique_fd.h"

namespace gofer::comm {

// Owns its socket. Used by one thread at a time, except Shutdown, which any
// thread may call while the FdChannel lives.
// Source: gVisor pkg/fdchannel/fdchannel_unsafe.go, Nov 2023.
class FdChannel {
 public:
  static constexpr size_t kMaxFds = 255;

  explicit FdChannel(base::UniqueFd socket) : socket_(std::move(socket)) {}

  // Lets about six descriptors at most wait for the peer to take them: the
  // kernel's smallest send buffer. That is enough for a peer that takes them
  // after each response. A peer that does not cannot use up the descriptors
  // that the kernel lets this user have in flight.
  void LimitQueue() const;

  // Lets the peer send nothing here (its calls fail with EPIPE): what lies
  // unread in a socket may keep the peer's own end alive, and linger when it is
  // closed.
  void RefuseAll() const;

  // Queues `fds` (borrowed) in order until one cannot be queued at once, and
  // returns how many went. Never blocks: a peer that does not drain its end
  // only loses descriptors. If there are more than kMaxFds, none is sent: the
  // count would not fit the channel header.
  size_t Send(std::span<const int> fds) const;

  // Takes one queued descriptor, close-on-exec. Errors: EAGAIN when none is
  // queued; ECONNRESET when the peer or Shutdown closed the channel, or sent a
  // message without a descriptor; EPROTO when it sent several, or when there is
  // no free descriptor number.
  base::ErrnoOr<base::UniqueFd> TryReceive() const;
  // As TryReceive, but waits for a descriptor (unless the socket is
  // O_NONBLOCK).
  base::ErrnoOr<base::UniqueFd> Receive() const;

  // Makes every blocked or future call on either end fail.
  void Shutdown() const;

  int fd() const { return socket_.get(); }

 private:
  const base::UniqueFd socket_;
};

}  // namespace gofer::comm

#endif  // GOFER_SERVER_COMM_FD_CHANNEL_H_
