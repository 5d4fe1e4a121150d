// The scalar types and the empty payload that the messages are made of.

#ifndef GOFER_SERVER_WIRE_TYPES_H_
#define GOFER_SERVER_WIRE_TYPES_H_

#include <cstdint>

#include "server/wire/field_list.h"

namespace gofer::wire {

// Names an FD of one connection: control, open or bound socket. Chosen by the
// server, never reused. Source: gVisor pkg/lisafs/fd.go, Nov 2023.
enum class FdId : uint64_t { kInvalid = 0 };

// A uid or gid field that names nobody.
inline constexpr uint32_t kNoId = 0xFFFFFFFF;

// A request or response without payload. Whatever bytes arrive are ignored.
struct EmptyMessage {
  using Fields = FieldList<>;
};

}  // namespace gofer::wire

#endif  // GOFER_SERVER_WIRE_TYPES_H_
