// FSync and Flush. DO NOT CHANGE the layouts.
// Source: gVisor pkg/lisafs/message.go, Nov 2023.

#ifndef GOFER_SERVER_WIRE_MESSAGES_SYNC_H_
#define GOFER_SERVER_WIRE_MESSAGES_SYNC_H_

#include "server/wire/array.h"
#include "server/wire/field_list.h"
#include "server/wire/layout.h"
#include "server/wire/types.h"

namespace gofer::wire {

// fds are open FDs.
struct FSyncReq {
  Array<FdId> fds{};

  using Fields = FieldList<Field<"fds", &FSyncReq::fds>>;
};
static_assert(kMinSize<FSyncReq> == 2);

struct FlushReq {
  FdId fd{};

  using Fields = FieldList<Field<"fd", &FlushReq::fd>>;
};
static_assert(kFixedSize<FlushReq> == 8);

}  // namespace gofer::wire

#endif  // GOFER_SERVER_WIRE_MESSAGES_SYNC_H_
