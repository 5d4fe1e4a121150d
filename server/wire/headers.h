// The two frame headers of LISAFS: one on the socket, one in a flipcall packet.
// DO NOT CHANGE the layouts: they are the protocol. All integers are
// little-endian, which is the byte order of every host gVisor runs on.
// Sources: gVisor pkg/lisafs/{sock,channel}.go, Nov 2023.

#ifndef GOFER_SERVER_WIRE_HEADERS_H_
#define GOFER_SERVER_WIRE_HEADERS_H_

#include <bit>
#include <cstdint>
#include <type_traits>

namespace gofer::wire {

static_assert(std::endian::native == std::endian::little,
              "LISAFS is host-endian and defined for little-endian hosts only");

// Precedes every payload on the socket, in both directions.
struct SocketHeader {
  uint32_t payload_len;  // Bytes that follow the header.
  uint16_t message;      // The MessageId; 0 (Error) in a response is a failure.
  uint16_t padding;      // Sent as 0, ignored on receipt.
};
static_assert(sizeof(SocketHeader) == 8);
static_assert(std::is_trivially_copyable_v<SocketHeader>);

// Precedes every payload in a packet window, except during the handshake.
struct ChannelHeader {
  uint16_t message;  // As in SocketHeader.
  uint8_t num_fds;   // Descriptors already queued on the FD channel.
  uint8_t padding;   // Sent as 0, ignored on receipt.
};
static_assert(sizeof(ChannelHeader) == 4);
static_assert(std::is_trivially_copyable_v<ChannelHeader>);

}  // namespace gofer::wire

#endif  // GOFER_SERVER_WIRE_HEADERS_H_
