// The sizes that both sides of a connection agree on. Source: gVisor
// pkg/lisafs/{communicator,channel}.go, Nov 2023, for 4 KiB pages.

#ifndef GOFER_SERVER_WIRE_LIMITS_H_
#define GOFER_SERVER_WIRE_LIMITS_H_

#include <cstddef>
#include <cstdint>

namespace gofer::wire {

// The longest payload, either way: 2 MiB less one page. Announced by Mount.
inline constexpr uint32_t kMaxMessageSize = (uint32_t{2} << 20) - 4096;

// The count of a PRead whose response just fits: the response starts with u64.
inline constexpr uint32_t kMaxPReadCount = kMaxMessageSize - 8;
// The data of a PWrite whose request just fits.
inline constexpr uint32_t kMaxPWriteCount = kMaxMessageSize - 20;

// sun_path with its terminator; a path of this length or more cannot be bound
// or connected to.
inline constexpr size_t kUnixPathMax = 108;

}  // namespace gofer::wire

#endif  // GOFER_SERVER_WIRE_LIMITS_H_
