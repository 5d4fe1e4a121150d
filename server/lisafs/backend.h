// Backend: what serves the files of one connection, for example the host file
// system. ControlFd, OpenFd and BoundSocketFd are the rest of its interface.

#ifndef GOFER_SERVER_LISAFS_BACKEND_H_
#define GOFER_SERVER_LISAFS_BACKEND_H_

#include <cstdint>
#include <span>

#include "server/base/errno.h"
#include "server/base/unique_fd.h"
#include "server/lisafs/control_fd.h"
#include "server/lisafs/guarantees.h"
#include "server/wire/message_id.h"

namespace gofer::lisafs {

class Connection;

// `donated` is a host FD of the mount point for the client, or invalid.
struct MountResult {
  ControlFdAndStat root;
  base::UniqueFd donated;
};

// Owned by its connection and destroyed with it. Thread-safe. Source: gVisor
// pkg/lisafs/server.go, Nov 2023 (ServerImpl), and connection.go, Aug 2026
// (ConnectionImpl): connections of one Server may have different backends.
class Backend {
 public:
  Backend() = default;
  virtual ~Backend() = default;
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;

  // Makes a new control FD on guarantee.node(), the mount point.
  virtual base::ErrnoOr<MountResult> Mount(Connection& connection,
                                           const ReadGuarantee& guarantee) = 0;

  // The messages that Mount announces, in this order. Valid as long as the
  // backend.
  virtual std::span<const wire::MessageId> SupportedMessages() const = 0;

  // Bytes, at most wire::kMaxMessageSize and not 0.
  virtual uint32_t MaxMessageSize() const = 0;

  // Whether FDs must be told of renames; costs a walk of the moved subtree.
  virtual bool wants_renamed() const { return false; }
};

}  // namespace gofer::lisafs

#endif  // GOFER_SERVER_LISAFS_BACKEND_H_
