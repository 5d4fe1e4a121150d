// ClientCommunicator: one request/response pathway as the client sees it.

#ifndef GOFER_SERVER_COMM_CLIENT_COMMUNICATOR_H_
#define GOFER_SERVER_COMM_CLIENT_COMMUNICATOR_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "server/base/errno.h"
#include "server/base/unique_fd.h"

namespace gofer::comm {

// An answer, not yet interpreted: message 0 carries an errno.
struct Response {
  uint16_t message = 0;
  // A private copy, valid until the communicator's next RoundTrip.
  std::span<const std::byte> payload;
  // In the order sent, close-on-exec; they may be fewer than wanted, never
  // more.
  std::vector<base::UniqueFd> fds;
};

// Used by one thread at a time, except Shutdown, which any thread may call
// while it lives. After an error the pathway is dead: later calls fail as well.
class ClientCommunicator {
 public:
  ClientCommunicator() = default;
  virtual ~ClientCommunicator() = default;
  ClientCommunicator(const ClientCommunicator&) = delete;
  ClientCommunicator& operator=(const ClientCommunicator&) = delete;

  // Sends the request `message` whose payload is `head` followed by `bulk`, and
  // blocks for the answer. All descriptors beyond `fds_wanted` that come with
  // it are closed. Errors: EMSGSIZE when the payload is longer than the maximum
  // (nothing was sent; the pathway lives); ECONNRESET when the server ended it;
  // ESHUTDOWN after Shutdown; EPROTO when the server broke the transport's
  // rules; ENOMEM; those of the socket.
  virtual base::ErrnoOr<Response> RoundTrip(uint16_t message,
                                            std::span<const std::byte> head,
                                            std::span<const std::byte> bulk,
                                            size_t fds_wanted) = 0;

  // Ends the pathway for both sides: a blocked or future RoundTrip fails.
  // Idempotent, any thread.
  virtual void Shutdown() = 0;
};

}  // namespace gofer::comm

#endif  // GOFER_SERVER_COMM_CLIENT_COMMUNICATOR_H_
