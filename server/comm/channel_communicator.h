// ChannelCommunicator: the server's side of one channel, which is a packet
// window for messages and an FdChannel for donated descriptors.

#ifndef GOFER_SERVER_COMM_CHANNEL_COMMUNICATOR_H_
#define GOFER_SERVER_COMM_CHANNEL_COMMUNICATOR_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "server/base/errno.h"
#include "server/base/unique_fd.h"
#include "server/comm/byte_buffer.h"
#include "server/comm/communicator.h"
#include "server/comm/fd_channel.h"
#include "server/flipcall/endpoint.h"
#include "server/flipcall/packet_window.h"

namespace gofer::comm {

// Owns the window and the socket. The first Receive also answers the client's
// handshake. Descriptors that a client sends are never received (gVisor's
// server sends them back, quirk Q5).
//
// A client that breaks the rules (a datagram shorter than the channel header or
// longer than the window, a connection state that does not exist) loses this
// channel only: Receive fails with EPROTO and the window is marked as shut
// down.
//
// Source: gVisor pkg/lisafs/channel.go, Nov 2023.
class ChannelCommunicator final : public Communicator {
 public:
  // `fd_socket`: the server's end of the FdChannel. `max_payload`: bytes; a
  // longer request is reported as too long.
  ChannelCommunicator(flipcall::PacketWindow window, base::UniqueFd fd_socket,
                      uint32_t max_payload);
  ~ChannelCommunicator() override;

  Kind kind() const override { return Kind::kChannel; }
  base::ErrnoOr<Request> Receive() override;
  base::ErrnoOr<std::span<const std::byte>> Prefix(size_t n) override;
  std::span<const std::byte> Bulk(size_t offset) override;
  base::ErrnoOr<std::span<std::byte>> Response(size_t n) override;
  base::ErrnoOr<void> Send(uint16_t message, size_t payload_len,
                           std::span<const int> fds) override;
  void Shutdown() override;

  // Bytes of private memory. For the thread that uses the communicator.
  size_t buffer_bytes() const { return prefix_.capacity(); }

 private:
  flipcall::Endpoint endpoint_;
  const FdChannel fds_;
  const uint32_t max_payload_;

  bool connected_ = false;
  uint32_t payload_len_ = 0;
  // The copy that Prefix made.
  ByteBuffer prefix_;
};

}  // namespace gofer::comm

#endif  // GOFER_SERVER_COMM_CHANNEL_COMMUNICATOR_H_
