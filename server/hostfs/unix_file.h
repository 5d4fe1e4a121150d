// BindInDirectory and ConnectToFile: sockets bound to files of the tree, given
// by descriptors and not by a path that could lead elsewhere.

#ifndef GOFER_SERVER_HOSTFS_UNIX_FILE_H_
#define GOFER_SERVER_HOSTFS_UNIX_FILE_H_

#include <cstdint>

#include "server/base/errno.h"
#include "server/base/unique_fd.h"
#include "server/hostfs/proc_self_fd.h"

namespace gofer::hostfs {

// A non-blocking AF_UNIX socket. `type`: SOCK_STREAM, SOCK_DGRAM or
// SOCK_SEQPACKET and nothing else; ENXIO otherwise.
base::ErrnoOr<base::UniqueFd> MakeUnixSocket(uint32_t type);

// Whether MakeUnixSocket takes `type`.
bool IsUnixSocketType(uint32_t type);

// Binds the borrowed `socket` to a new file `name` in `directory` (O_PATH).
// Errors: EADDRINUSE when the name is taken, EINVAL when it is too long, those
// of bind(2).
base::ErrnoOr<void> BindInDirectory(const ProcSelfFd& proc_self_fd, int socket,
                                    int directory, const char* name);

// Connects the borrowed `socket`, made by MakeUnixSocket, to the socket that
// `file` (O_PATH) is bound to. Does not wait. Errors: those of connect(2),
// EAGAIN when the queue is full.
base::ErrnoOr<void> ConnectToFile(const ProcSelfFd& proc_self_fd, int socket,
                                  int file);

}  // namespace gofer::hostfs

#endif  // GOFER_SERVER_HOSTFS_UNIX_FILE_H_
