// UdsListener: a UNIX socket that is listened at, without stealing another's.

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
// socket is made under another name and gets its own when it has its
// permissions, so that nobody finds it without them. Removes the name on
// destruction, but not the lock file.
class UdsListener {
 public:
  // Makes the socket's directory (0711) if it is missing, but not those above
  // it. Errors: FAILED_PRECONDITION, which says what to do: somebody else
  // listens there, the directory may be written by others, no such group...
  static absl::StatusOr<UdsListener> Listen(
      const config::v1::UdsListener& config);
  // A listening socket of the service manager, which keeps its name.
  static UdsListener Adopt(gofer::base::UniqueFd socket);

  UdsListener(UdsListener&& other) noexcept = default;
  UdsListener& operator=(UdsListener&& other) = delete;
  ~UdsListener();

  // Listens, does not block, close-on-exec.
  int fd() const { return socket_.get(); }

 private:
  UdsListener() = default;

  gofer::base::UniqueFd lock_;
  gofer::base::UniqueFd directory_;
  gofer::base::UniqueFd socket_;
  // In directory_; empty: not ours to remove.
  std::string name_;
  ino_t inode_ = 0;
};

}  // namespace goferd::daemon

#endif  // GOFERD_CONTROLPLANE_DAEMON_UDS_LISTENER_H_
