// RenameAt and RenameAt2. DO NOT CHANGE the layouts. Sources: gVisor
// pkg/lisafs/message.go, Nov 2023 and, for RenameAt2, Aug 2026.

#ifndef GOFER_SERVER_WIRE_MESSAGES_RENAME_H_
#define GOFER_SERVER_WIRE_MESSAGES_RENAME_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "server/wire/field_list.h"
#include "server/wire/layout.h"
#include "server/wire/types.h"

namespace gofer::wire {

struct RenameAtReq {
  FdId old_dir_fd{};
  FdId new_dir_fd{};
  absl::string_view old_name{};
  absl::string_view new_name{};

  using Fields = FieldList<Field<"old_dir_fd", &RenameAtReq::old_dir_fd>,
                           Field<"new_dir_fd", &RenameAtReq::new_dir_fd>,
                           Field<"old_name", &RenameAtReq::old_name>,
                           Field<"new_name", &RenameAtReq::new_name>>;
};
static_assert(kMinSize<RenameAtReq> == 20);

struct RenameAt2Req {
  FdId old_dir_fd{};
  FdId new_dir_fd{};
  absl::string_view old_name{};
  absl::string_view new_name{};
  uint32_t flags = 0;  // RENAME_ bits; unaligned on the wire.

  using Fields = FieldList<Field<"old_dir_fd", &RenameAt2Req::old_dir_fd>,
                           Field<"new_dir_fd", &RenameAt2Req::new_dir_fd>,
                           Field<"old_name", &RenameAt2Req::old_name>,
                           Field<"new_name", &RenameAt2Req::new_name>,
                           Field<"flags", &RenameAt2Req::flags, Show::kHex>>;
};
static_assert(kMinSize<RenameAt2Req> == 24);

}  // namespace gofer::wire

#endif  // GOFER_SERVER_WIRE_MESSAGES_RENAME_H_
