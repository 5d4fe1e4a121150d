// Attachments: brings the clients of connections and gofers together.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_ATTACHMENTS_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_ATTACHMENTS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/base/unique_fd.h"
#include "server/uds/peer_credentials.h"

namespace goferd::admin::v1 {
enum AttachMode : int;
}  // namespace goferd::admin::v1
namespace goferd::tickets {
struct AttachClaim;
class ConnectionSockets;
}  // namespace goferd::tickets

namespace goferd::supervisor {

namespace admin = goferd::admin::v1;

// What the attach socket and the sockets of connections need. Thread-safe.
class Attachments {
 public:
  virtual ~Attachments() = default;

  // Whether ClaimTickets would succeed now. Uses nothing up.
  virtual absl::Status CheckTickets(const std::vector<std::string>& tickets,
                                    const gofer::uds::PeerCredentials& peer,
                                    admin::AttachMode mode) = 0;
  // Consumes the tickets, all or none, if they are all good for `peer` and
  // `mode`. Asks no gofer. Errors: TICKET_INVALID, PEER_MISMATCH.
  virtual absl::StatusOr<std::vector<tickets::AttachClaim>> ClaimTickets(
      const std::vector<std::string>& tickets,
      const gofer::uds::PeerCredentials& peer, admin::AttachMode mode) = 0;
  // Gives the gofer its end of the client's socket. A failure ends the
  // connection.
  virtual absl::Status Attach(const tickets::AttachClaim& claim,
                              gofer::base::UniqueFd gofer_end,
                              const gofer::uds::PeerCredentials& peer) = 0;
  // Ends the connection of a claim that will not be attached; without it, it
  // would stay pending for ever. Does nothing when it has ended. Does not wait
  // for the gofer.
  virtual void Abandon(const tickets::AttachClaim& claim,
                       absl::string_view why) = 0;
  // Ends a connection that was attached, because others of the same order were
  // not. Does not wait for the gofer.
  virtual void TakeBack(const tickets::AttachClaim& claim,
                        absl::string_view why) = 0;
  // Where connections of ATTACH_MODE_LISTEN get their paths from now on; the
  // paths of those that are pending from an earlier run are open again when
  // this returns. Null ends it: such connections are refused with
  // SHUTTING_DOWN.
  virtual void SetSockets(
      std::shared_ptr<tickets::ConnectionSockets> sockets) = 0;
};

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_ATTACHMENTS_H_
