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
  // Nothing: goferd's own.
  std::optional<gid_t> gid;
};

// Errors: FIELD_INVALID for an unknown group.
absl::StatusOr<SocketPermissions> ReadPermissions(
    const config::v1::AttachConfig& config);

// A directory of sockets: made if it is missing (0711), but not those above it.
// Errors: HOST_PERMISSION when it is not goferd's user's own, or others may
// write to it; those of the host.
absl::StatusOr<gofer::base::UniqueFd> OpenSocketDirectory(
    const std::string& path);

// Whether a socket of `type` listens at `name`.
bool SomebodyListens(int directory, const std::string& name, int type);

struct NamedSocketKind {
  // SOCK_STREAM or SOCK_SEQPACKET.
  int type;
  int backlog;
};
// A non-blocking socket that listens at `name`, in place of what was there. It
// is made as `unknown`, a name that is the caller's own and is given to nobody,
// so that nobody connects before the permissions are right; and that one is
// what /proc/net/unix and getsockname(2) tell. The directory is not writable
// for others.
gofer::base::ErrnoOr<gofer::base::UniqueFd> ListenAs(
    int directory, const std::string& name, const std::string& unknown,
    const NamedSocketKind& kind, const SocketPermissions& permissions);

}  // namespace goferd::handoff

#endif  // GOFERD_CONTROLPLANE_HANDOFF_NAMED_SOCKET_H_
