// ClientSocket: the client's side of a connection's socket.

#ifndef GOFER_SERVER_COMM_CLIENT_SOCKET_H_
#define GOFER_SERVER_COMM_CLIENT_SOCKET_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "server/base/errno.h"
#include "server/base/unique_fd.h"
#include "server/comm/byte_buffer.h"
#include "server/comm/client_communicator.h"

namespace gofer::comm {

// Owns the socket, which it shuts down and closes when destroyed. The maximum
// payload is wire::kMaxMessageSize, either way; if the server announced less by
// Mount, the caller must respect that.
class ClientSocket final : public ClientCommunicator {
 public:
  // `socket`: connected, AF_UNIX, SOCK_STREAM, blocking.
  explicit ClientSocket(base::UniqueFd socket);
  ~ClientSocket() override;

  base::ErrnoOr<Response> RoundTrip(uint16_t message,
                                    std::span<const std::byte> head,
                                    std::span<const std::byte> bulk,
                                    size_t fds_wanted) override;
  void Shutdown() override;

  // The socket, borrowed; for poll(2), to notice a server that hangs up.
  int fd() const { return socket_.get(); }

 private:
  base::ErrnoOr<void> SendRequest(uint16_t message,
                                  std::span<const std::byte> head,
                                  std::span<const std::byte> bulk);
  base::ErrnoOr<Response> ReceiveResponse();
  // Reads until in_ holds `wanted` bytes or more; `*got` is how many it holds.
  base::ErrnoOr<void> ReadUntil(size_t wanted, size_t* got,
                                std::vector<base::UniqueFd>* fds);
  // Ends the pathway because of `error`; returns the error that callers get.
  base::Errno EndPathway(base::Errno error);

  const base::UniqueFd socket_;
  std::atomic<bool> ended_ = false;
  ByteBuffer in_;
};

}  // namespace gofer::comm

#endif  // GOFER_SERVER_COMM_CLIENT_SOCKET_H_
