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
// the ticket that it was opened for. Owned by that ticket: destroyed when it is
// void, it stops listening and removes its path. Destruction does not block,
// and may happen on any thread.
class ConnectionSocket {
 public:
  virtual ~ConnectionSocket() = default;
  virtual const std::string& path() const = 0;
};

// Makes them; see controlplane/handoff. Paths outlive goferd, as tickets do.
// Thread-safe; asks no gofer, and calls the supervisor with no lock held.
class ConnectionSockets {
 public:
  using ByTicket = std::map<std::string, std::unique_ptr<ConnectionSocket>>;

  virtual ~ConnectionSockets() = default;

  // Whether Open makes sense. Errors: FIELD_INVALID when goferd's configuration
  // makes paths that are too long to connect to.
  virtual absl::Status Check() const = 0;
  // `ticket` is kept, and is known to who knows the path. Errors: FD_LIMIT,
  // SHUTTING_DOWN, those of the host.
  virtual absl::StatusOr<std::unique_ptr<ConnectionSocket>> Open(
      const std::string& ticket) = 0;
  // Of the paths that an earlier run of goferd left: opens those of `tickets`
  // again (by their SHA-256; those without a path, or that fail for now, are
  // not in the answer), and removes the others with kRemove.
  enum class Others { kKeep, kRemove };
  virtual ByTicket Reopen(const std::vector<std::string>& tickets,
                          Others others) = 0;
};

}  // namespace goferd::tickets

#endif  // GOFERD_CONTROLPLANE_TICKETS_CONNECTION_SOCKET_H_
