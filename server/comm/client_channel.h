// ClientChannel: the client's side of one channel.

#ifndef GOFER_SERVER_COMM_CLIENT_CHANNEL_H_
#define GOFER_SERVER_COMM_CLIENT_CHANNEL_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "server/base/errno.h"
#include "server/base/unique_fd.h"
#include "server/comm/byte_buffer.h"
#include "server/comm/client_communicator.h"
#include "server/comm/fd_channel.h"
#include "server/flipcall/endpoint.h"
#include "server/flipcall/packet_window.h"

namespace gofer::comm {

// Owns the window and the FD socket.
class ClientChannel final : public ClientCommunicator {
 public:
  // Makes a channel from the server's answer to a Channel request: maps
  // `length` bytes at `offset` of the borrowed `data_fd`, which may be closed
  // afterwards. Does not block. Errors: EINVAL when the range does not lie in a
  // sealed memory file; those of mmap.
  static base::ErrnoOr<std::unique_ptr<ClientChannel>> Open(
      int data_fd, uint64_t offset, uint64_t length, base::UniqueFd fd_socket);

  ~ClientChannel() override;

  // Does the handshake. Call it once, before the first RoundTrip; it blocks.
  // Errors: those of RoundTrip.
  base::ErrnoOr<void> Connect();

  base::ErrnoOr<Response> RoundTrip(uint16_t message,
                                    std::span<const std::byte> head,
                                    std::span<const std::byte> bulk,
                                    size_t fds_wanted) override;
  void Shutdown() override;

 private:
  ClientChannel(flipcall::PacketWindow window, base::UniqueFd fd_socket);

  base::ErrnoOr<Response> TakeResponse(uint32_t data_len, size_t fds_wanted);

  flipcall::Endpoint endpoint_;
  const FdChannel fds_;
  ByteBuffer payload_;
};

}  // namespace gofer::comm

#endif  // GOFER_SERVER_COMM_CLIENT_CHANNEL_H_
