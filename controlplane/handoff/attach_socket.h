// AttachSocket: the listening socket where tickets are shown.

#ifndef GOFERD_CONTROLPLANE_HANDOFF_ATTACH_SOCKET_H_
#define GOFERD_CONTROLPLANE_HANDOFF_ATTACH_SOCKET_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "goferd/config/v1/config.pb.h"
#include "server/base/unique_fd.h"

namespace goferd::handoff {

// Removes its name on destruction.
class AttachSocket {
 public:
  // Listens at config.path, with its mode and group. Makes the socket's
  // directory if it is missing (0711), but no directories above it. The
  // directory must belong to goferd's user, and nobody else may write to it.
  // The socket gets its name after its permissions, so that nobody connects
  // before. Errors: HOST_PERMISSION (also when somebody listens there already),
  // FIELD_INVALID for an unknown group or a path without a directory, those of
  // the host.
  static absl::StatusOr<AttachSocket> Listen(
      const config::v1::AttachConfig& config);

  AttachSocket(AttachSocket&&) = default;
  AttachSocket& operator=(AttachSocket&&) = delete;
  ~AttachSocket();

  // Does what destruction does; fd() is -1 afterwards.
  void Close();

  // The listening socket, non-blocking; the caller borrows it.
  int fd() const { return socket_.get(); }

 private:
  AttachSocket(gofer::base::UniqueFd directory, std::string name,
               gofer::base::UniqueFd socket)
      : directory_(std::move(directory)),
        name_(std::move(name)),
        socket_(std::move(socket)) {}

  gofer::base::UniqueFd directory_;
  std::string name_;
  gofer::base::UniqueFd socket_;
};

}  // namespace goferd::handoff

#endif  // GOFERD_CONTROLPLANE_HANDOFF_ATTACH_SOCKET_H_
