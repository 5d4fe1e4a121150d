// Getdents64. DO NOT CHANGE the layouts.
// Source: gVisor pkg/lisafs/message.go, Nov 2023.

#ifndef GOFER_SERVER_WIRE_MESSAGES_GETDENTS_H_
#define GOFER_SERVER_WIRE_MESSAGES_GETDENTS_H_

#include <cstdint>

#include "server/wire/array.h"
#include "server/wire/dirent64.h"
#include "server/wire/field_list.h"
#include "server/wire/layout.h"
#include "server/wire/types.h"

namespace gofer::wire {

// dir_fd is an open FD. |count| bounds the bytes of raw entries; a negative
// count starts over at the first entry.
struct Getdents64Req {
  FdId dir_fd{};
  int32_t count = 0;

  using Fields = FieldList<Field<"dir_fd", &Getdents64Req::dir_fd>,
                           Field<"count", &Getdents64Req::count>, Pad<4>>;
};
static_assert(kFixedSize<Getdents64Req> == 16);

struct Getdents64Resp {
  Array<Dirent64> dirents{};

  using Fields = FieldList<Field<"dirents", &Getdents64Resp::dirents>>;
};
static_assert(kMinSize<Getdents64Resp> == 2);

}  // namespace gofer::wire

#endif  // GOFER_SERVER_WIRE_MESSAGES_GETDENTS_H_
