// Inode: a control FD and the attributes of its file. DO NOT CHANGE the layout.
// Source: gVisor pkg/lisafs/message.go, Nov 2023.

#ifndef GOFER_SERVER_WIRE_INODE_H_
#define GOFER_SERVER_WIRE_INODE_H_

#include "server/wire/field_list.h"
#include "server/wire/layout.h"
#include "server/wire/statx.h"
#include "server/wire/types.h"

namespace gofer::wire {

// The result of lookups and creations. The client owns the control FD.
struct Inode {
  FdId control_fd{};
  Statx stat{};

  using Fields = FieldList<Field<"control_fd", &Inode::control_fd>,
                           Field<"stat", &Inode::stat>>;
};
static_assert(kFixedSize<Inode> == 152);

}  // namespace gofer::wire

#endif  // GOFER_SERVER_WIRE_INODE_H_
