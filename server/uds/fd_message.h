// FdMessage: bytes that travel over a UNIX socket together with descriptors.

#ifndef GOFER_SERVER_UDS_FD_MESSAGE_H_
#define GOFER_SERVER_UDS_FD_MESSAGE_H_

#include <cstddef>
#include <span>
#include <vector>

#include "server/base/errno.h"
#include "server/base/unique_fd.h"

namespace gofer::uds {

// The most descriptors that the kernel carries in one message (SCM_MAX_FD).
inline constexpr size_t kMaxFdsPerMessage = 253;

// Sends `bytes` (may be empty on SOCK_SEQPACKET) with `fds` (borrowed, at most
// kMaxFdsPerMessage, in this order as one SCM_RIGHTS) in one system call.
// `flags` are those of sendmsg; MSG_NOSIGNAL is added. Returns the number of
// bytes taken, which on a stream may be fewer; the descriptors went with the
// first of them. Errors: those of sendmsg, EINVAL for too many FDs; nothing was
// sent then.
base::ErrnoOr<size_t> SendWithFds(int socket, std::span<const std::byte> bytes,
                                  std::span<const int> fds, int flags);

struct FdMessage {
  size_t byte_count = 0;  // 0 is end of file, on a stream.
  std::vector<base::UniqueFd> fds;
};

// Receives into `bytes`, and at most `max_fds` (up to kMaxFdsPerMessage)
// close-on-exec descriptors. `flags` are those of recvmsg. On SOCK_SEQPACKET
// `byte_count` exceeds bytes.size() when the message was longer, if `flags` has
// MSG_TRUNC. Errors: those of recvmsg, or EMSGSIZE when not all descriptors
// could be taken (more than max_fds, or no free numbers): the descriptors that
// came are closed, and the bytes are lost.
base::ErrnoOr<FdMessage> ReceiveWithFds(int socket, std::span<std::byte> bytes,
                                        size_t max_fds, int flags);

// Receives into `bytes` from a peer that has no descriptors to send, and
// returns the number of bytes. The kernel drops those that it sends all the
// same, in a few milliseconds even when a close lingers (base::BriefCloses),
// and none gets a number in this process. Costs a second system call, and a
// second copy. `flags` is 0 or MSG_DONTWAIT; errors are those of recvmsg.
base::ErrnoOr<size_t> ReceiveWithoutFds(int socket, std::span<std::byte> bytes,
                                        int flags);

// Makes the kernel refuse descriptors that the peer would send to `socket`
// (EPERM at its end). Returns false when it cannot: before Linux 6.16, or when
// something is queued already, which may have some.
bool RefuseFds(int socket);

}  // namespace gofer::uds

#endif  // GOFER_SERVER_UDS_FD_MESSAGE_H_
