// PrepareDonation: what happens to a descriptor before it is given to a client.

#ifndef GOFER_SERVER_COMM_DONATION_H_
#define GOFER_SERVER_COMM_DONATION_H_

#include <fcntl.h>

namespace gofer::comm {

// Sets O_NONBLOCK on the open file behind the borrowed `fd`, and so on every
// other descriptor of it: a server whose own descriptor shares it does
// non-blocking I/O from then on, as gVisor's does. Failure is ignored; an
// O_PATH descriptor has no such flag (EBADF). Source: gVisor
// pkg/lisafs/communicator.go, Nov 2023.
inline void PrepareDonation(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || (flags & O_NONBLOCK) != 0) return;
  (void)::fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

}  // namespace gofer::comm

#endif  // GOFER_SERVER_COMM_DONATION_H_
