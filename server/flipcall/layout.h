// The layout of a packet window. DO NOT CHANGE: it is the protocol.
// Source: gVisor pkg/flipcall/{flipcall,packet_window_allocator}.go, Nov 2023.
//
//   0  u32      connection state, and the futex word both sides wait on
//   4  u32      length of the datagram, which starts at 16
//   8  8 bytes  reserved, zero
//  16  ...      datagram

#ifndef GOFER_SERVER_FLIPCALL_LAYOUT_H_
#define GOFER_SERVER_FLIPCALL_LAYOUT_H_

#include <cstddef>
#include <cstdint>

namespace gofer::flipcall {

// Whose turn it is. A fresh window is zero: the client begins.
enum class ConnState : uint32_t {
  kClientActive = 0,
  kServerActive = 1,
  kShutDown = 2,
};

inline constexpr size_t kConnStateOffset = 0;
inline constexpr size_t kDataLenOffset = 4;
inline constexpr size_t kPacketHeaderBytes = 16;

// A window is at least a page and its length fits 32 bits.
inline constexpr uint64_t kMaxWindowBytes = 0xFFFFFFFF;

// The first datagram of either side: an empty JSON object and a newline.
inline constexpr char kHandshake[] = {'{', '}', '\n'};

}  // namespace gofer::flipcall

#endif  // GOFER_SERVER_FLIPCALL_LAYOUT_H_
