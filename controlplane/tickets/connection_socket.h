// ConnectionSockets: the paths that clients of ATTACH_MODE_LISTEN connect to.

#ifndef GOFERD_CONTROLPLANE_TICKETS_CONNECTION_SOCKET_H_
#define GOFERD_CONTROLPLANE_TICKETS_CONNECTION_SOCKET_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace goferd::tickets {

// A socket of one connection that waits for its client. Whoever connects claims
// the ticket that the socket was opened for. The ticket owns it: when the
// ticket becomes void, the socket is destroyed, stops listening and removes its
// path. Destruction does not block, and may happen on any thread.
class ConnectionSocket {
 public:
  virtual ~ConnectionSocket() = default;
  virtual const std::string& path() const = 0;
};

// Makes connections' sockets; see controlplane/handoff. Paths outlive goferd,
// as tickets do. Thread-safe; asks no gofer, and calls the supervisor with no
// lock held.
class ConnectionSockets {
 public:
  using ByTicket = std::map<std::string, std::unique_ptr<ConnectionSocket>>;

  virtual ~ConnectionSockets() = default;

  // Checks that clients can connect to paths. Errors: FIELD_INVALID when
  // goferd's configuration makes paths that are too long.
  virtual absl::Status Check() const = 0;
  // Opens a path for `ticket`, which is part of the path: whoever knows the
  // path knows the ticket. Errors: FD_LIMIT, SHUTTING_DOWN, those of the host.
  virtual absl::StatusOr<std::unique_ptr<ConnectionSocket>> Open(
      const std::string& ticket) = 0;
  // Opens the paths of `tickets` again that an earlier run of goferd has left,
  // and removes all other such paths with kRemove. Tickets are named by their
  // SHA-256; tickets without a path, or whose path cannot be opened now, are
  // not in the answer.
  enum class Others { kKeep, kRemove };
  virtual ByTicket Reopen(const std::vector<std::string>& tickets,
                          Others others) = 0;
};

}  // namespace goferd::tickets

#endif  // GOFERD_CONTROLPLANE_TICKETS_CONNECTION_SOCKET_H_
