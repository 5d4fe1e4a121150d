// ControlChannel: frames with descriptors over the control socket between
// goferd and a gofer.

#ifndef GOFER_SERVER_CONTROL_CONTROL_CHANNEL_H_
#define GOFER_SERVER_CONTROL_CONTROL_CHANNEL_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/base/errno.h"
#include "server/base/unique_fd.h"

namespace gofer::control {

// The longest frame.
inline constexpr size_t kMaxFrameBytes = size_t{1} << 20;
// The most descriptors beside one frame, such as those of a bundle's mounts;
// the kernel carries one more.
inline constexpr size_t kMaxFrameFds = 252;

// A message of the peer and the descriptors that came with it.
struct Frame {
  std::string bytes;
  std::vector<base::UniqueFd> fds;
};

// One end of a connected SOCK_SEQPACKET socket. A frame is cut into packets
// that the kernel takes whole; each has a header of 8 bytes, little endian: the
// frame's length and the packet's offset in it. Descriptors are beside the
// first packet. Every packet but a frame's last is full. The peer is not
// trusted: it makes us allocate no more than it has sent, and one frame at
// most.
//
// Send and Receive may be called by two threads at once, each of them by one
// thread at a time. An error other than EAGAIN is the end of the channel.
class ControlChannel {
 public:
  // `socket` is switched to non-blocking. `max_received_fds` is 0 for a peer
  // that has no descriptors to send: no descriptor is taken out of the socket
  // then, since closing it may block.
  explicit ControlChannel(base::UniqueFd socket,
                          size_t max_received_fds = kMaxFrameFds);

  // Borrowed, to poll.
  int fd() const { return socket_.get(); }

  // Sends a frame with the borrowed `fds`, waiting for room at most
  // `timeout_ns`. Errors: EMSGSIZE (too long, too many descriptors: nothing was
  // sent, the channel lives), ETIMEDOUT (the channel is broken then), EPIPE and
  // others of sendmsg.
  base::ErrnoOr<void> Send(absl::string_view bytes, std::span<const int> fds,
                           uint64_t timeout_ns);

  // Returns the next frame if all of it has come, without waiting. Errors:
  // EAGAIN (not yet: poll and call again), ECONNRESET (the peer has closed),
  // EPROTO (packets that make no frame, or too large a one), EMSGSIZE
  // (descriptors that could not be taken: all closed, or, with a
  // `max_received_fds` of 0, left in the socket), others of recvmsg.
  base::ErrnoOr<Frame> Receive();

  // Makes the peer, and threads that wait on this end, see the end.
  void Shutdown();

 private:
  base::UniqueFd socket_;
  const size_t max_received_fds_;
  // The part of the next frame that has come.
  Frame partial_;
  size_t expected_ = 0;
  std::vector<char> packet_;
};

}  // namespace gofer::control

#endif  // GOFER_SERVER_CONTROL_CONTROL_CHANNEL_H_
