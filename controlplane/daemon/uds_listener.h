// UdsListener: a listening UNIX socket that steals no other process's name.

#ifndef GOFERD_CONTROLPLANE_DAEMON_UDS_LISTENER_H_
#define GOFERD_CONTROLPLANE_DAEMON_UDS_LISTENER_H_

#include <sys/types.h>

#include <string>

#include "absl/status/statusor.h"
#include "goferd/config/v1/config.pb.h"
#include "server/base/unique_fd.h"

namespace goferd::daemon {

// Beside the socket lies PATH.lock, which is locked as long as the listener
// lives: a socket whose lock is free was left behind, and is replaced. The
// socket is made under a temporary name and gets its own after its permissions,
// so that nobody connects before. Removes the name on destruction, but not the
// lock file.
class UdsListener {
 public:
  // Makes the socket's directory (0711) if it is missing, but no directories
  // above it. Errors: FAILED_PRECONDITION, whose text says what to do, when
  // somebody else listens there, other users may write to the directory, or
  // there is no such group.
  static absl::StatusOr<UdsListener> Listen(
      const config::v1::UdsListener& config);
  // Takes a listening socket of the service manager, whose name is left alone.
  static UdsListener Adopt(gofer::base::UniqueFd socket);

  UdsListener(UdsListener&& other) noexcept = default;
  UdsListener& operator=(UdsListener&& other) = delete;
  ~UdsListener();

  // The listening socket: non-blocking and close-on-exec.
  int fd() const { return socket_.get(); }

 private:
  UdsListener() = default;

  gofer::base::UniqueFd lock_;
  gofer::base::UniqueFd directory_;
  gofer::base::UniqueFd socket_;
  // The name in directory_; empty when the name is not ours to remove.
  std::string name_;
  ino_t inode_ = 0;
};

}  // namespace goferd::daemon

#endif  // GOFERD_CONTROLPLANE_DAEMON_UDS_LISTENER_H_
