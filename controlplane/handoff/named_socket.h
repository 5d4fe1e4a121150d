// Sockets that listen at a name, with the permissions of the attach socket.

#ifndef GOFERD_CONTROLPLANE_HANDOFF_NAMED_SOCKET_H_
#define GOFERD_CONTROLPLANE_HANDOFF_NAMED_SOCKET_H_

#include <sys/types.h>

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "goferd/config/v1/config.pb.h"
#include "server/base/errno.h"
#include "server/base/unique_fd.h"

namespace goferd::handoff {

struct SocketPermissions {
  mode_t mode;
  // Absent: the socket keeps goferd's own group.
  std::optional<gid_t> gid;
};

// Reads mode and group. Errors: FIELD_INVALID for an unknown group.
absl::StatusOr<SocketPermissions> ReadPermissions(
    const config::v1::AttachConfig& config);

// Opens a directory of sockets and makes it if it is missing (0711), but no
// directories above it. Errors: HOST_PERMISSION when it does not belong to
// goferd's user, or other users may write to it; those of the host.
absl::StatusOr<gofer::base::UniqueFd> OpenSocketDirectory(
    const std::string& path);

// Whether a socket of `type` listens at `name`.
bool SomebodyListens(int directory, const std::string& name, int type);

struct NamedSocketKind {
  // SOCK_STREAM or SOCK_SEQPACKET.
  int type;
  int backlog;
};
// Makes a non-blocking socket that listens at `name`, in place of an earlier
// one. The socket is first bound to `unknown`, a name that the caller gives to
// nobody: nobody connects before the permissions are right, and /proc/net/unix
// and getsockname(2) show this name for good. Other users must not be able to
// write to the directory.
gofer::base::ErrnoOr<gofer::base::UniqueFd> ListenAs(
    int directory, const std::string& name, const std::string& unknown,
    const NamedSocketKind& kind, const SocketPermissions& permissions);

}  // namespace goferd::handoff

#endif  // GOFERD_CONTROLPLANE_HANDOFF_NAMED_SOCKET_H_
