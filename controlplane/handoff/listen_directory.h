// ListenDirectory: the paths of connections' own sockets.

#ifndef GOFERD_CONTROLPLANE_HANDOFF_LISTEN_DIRECTORY_H_
#define GOFERD_CONTROLPLANE_HANDOFF_LISTEN_DIRECTORY_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controlplane/handoff/named_socket.h"
#include "goferd/config/v1/config.pb.h"
#include "server/base/errno.h"
#include "server/base/unique_fd.h"

namespace goferd::handoff {

// Checks that clients can connect to paths below the attach socket's: the
// address of a UNIX socket has 107 bytes. Errors: FIELD_INVALID, for
// attach_mode.
absl::Status CheckListenPaths(const config::v1::AttachConfig& config);

// The directory beside the attach socket, with ".d" behind its name. A socket's
// name is its ticket in hexadecimal. Nobody else may list the directory:
// whoever knows a path has been given it. The names are the only copy of the
// tickets that the next goferd finds; elsewhere only hashes are kept.
// Thread-safe.
class ListenDirectory {
 public:
  // Makes the directory if it is missing, and removes sockets that an earlier
  // run left half made. The caller has the attach socket, so that no other
  // goferd is there, whose half-made sockets would be removed. Errors: those of
  // OpenSocketDirectory and ReadPermissions.
  static absl::StatusOr<ListenDirectory> Open(
      const config::v1::AttachConfig& config);
  ListenDirectory(ListenDirectory&& other) noexcept;

  std::string PathOf(const std::string& ticket) const;
  // Makes a non-blocking stream socket that listens at the path of `ticket`, in
  // place of an earlier one.
  gofer::base::ErrnoOr<gofer::base::UniqueFd> Listen(const std::string& ticket);
  void Remove(const std::string& ticket);
  // The tickets whose paths exist.
  std::vector<std::string> List() const;

 private:
  ListenDirectory(std::string path, gofer::base::UniqueFd directory,
                  SocketPermissions permissions)
      : path_(std::move(path)),
        permissions_(permissions),
        directory_(std::move(directory)) {}

  const std::string path_;
  const SocketPermissions permissions_;
  gofer::base::UniqueFd directory_;
  std::atomic<uint64_t> next_unknown_ = 1;
};

}  // namespace goferd::handoff

#endif  // GOFERD_CONTROLPLANE_HANDOFF_LISTEN_DIRECTORY_H_
