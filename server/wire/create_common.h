// CreateCommon: the start of the requests that create a file. DO NOT CHANGE the
// layout. Source: gVisor pkg/lisafs/message.go, Nov 2023.

#ifndef GOFER_SERVER_WIRE_CREATE_COMMON_H_
#define GOFER_SERVER_WIRE_CREATE_COMMON_H_

#include <cstdint>

#include "server/wire/field_list.h"
#include "server/wire/layout.h"
#include "server/wire/types.h"

namespace gofer::wire {

// The owner and mode of the new file in dir_fd; kNoId leaves the owner alone.
struct CreateCommon {
  FdId dir_fd{};
  uint32_t uid = kNoId;
  uint32_t gid = kNoId;
  uint16_t mode = 0;

  using Fields =
      FieldList<Field<"dir_fd", &CreateCommon::dir_fd>,
                Field<"uid", &CreateCommon::uid>,
                Field<"gid", &CreateCommon::gid>,
                Field<"mode", &CreateCommon::mode, Show::kOctal>, Pad<6>>;
};
static_assert(kFixedSize<CreateCommon> == 24);

}  // namespace gofer::wire

#endif  // GOFER_SERVER_WIRE_CREATE_COMMON_H_
