// AttachClient: exchanges tickets for sockets.

#ifndef GOFERD_CLIENTS_ADMIN_ATTACH_CLIENT_H_
#define GOFERD_CLIENTS_ADMIN_ATTACH_CLIENT_H_

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/unique_fd.h"

namespace goferd::client {

// Talks to an attach socket: each call sends one record over a connection of
// its own, and blocks no longer than `timeout` for the answer. A value;
// thread-safe.
//
// A request that is refused because the socket has too many clients has used no
// ticket, and is repeated for as long as `patience`.
//
// Tickets are the bytes of AttachTicket.ticket. A call takes 1 to 250 of them,
// and either all are used or none is. Errors: INVALID_ARGUMENT for a ticket
// that has not 16 bytes, and for a wrong number of tickets; the attach socket's
// refusal with its reason (see DetailsOf), such as UNAUTHENTICATED /
// TICKET_INVALID; UNAVAILABLE when nobody listens, PERMISSION_DENIED when we
// may not connect; DEADLINE_EXCEEDED; INTERNAL for a malformed answer.
class AttachClient {
 public:
  // `path`: AttachTicket.attach_socket_path.
  explicit AttachClient(std::string path,
                        absl::Duration timeout = absl::Seconds(10),
                        absl::Duration patience = absl::Seconds(10))
      : path_(std::move(path)), timeout_(timeout), patience_(patience) {}

  // ATTACH_MODE_TAKE: returns the clients' sockets (connected, blocking,
  // close-on-exec), one for each ticket, in the same order.
  absl::StatusOr<std::vector<gofer::base::UniqueFd>> Take(
      std::span<const std::string> tickets) const;
  // ATTACH_MODE_GIVE: hands over the gofer's ends (borrowed), one for each
  // ticket. The caller closes its copies afterwards.
  absl::Status Give(std::span<const std::string> tickets,
                    std::span<const int> fds) const;
  // ATTACH_MODE_LISTEN: connects to the connection's own socket, which needs no
  // ticket.
  absl::StatusOr<gofer::base::UniqueFd> ConnectToListener() const;

 private:
  absl::StatusOr<std::vector<gofer::base::UniqueFd>> Exchange(
      const std::string& packet, std::span<const int> fds,
      size_t wanted_fds) const;

  const std::string path_;
  const absl::Duration timeout_;
  const absl::Duration patience_;
};

}  // namespace goferd::client

#endif  // GOFERD_CLIENTS_ADMIN_ATTACH_CLIENT_H_
