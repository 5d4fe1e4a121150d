// Walk and WalkStat. DO NOT CHANGE the layouts.
// Source: gVisor pkg/lisafs/message.go, Nov 2023.

#ifndef GOFER_SERVER_WIRE_MESSAGES_WALK_H_
#define GOFER_SERVER_WIRE_MESSAGES_WALK_H_

#include <cstdint>

#include "server/wire/array.h"
#include "server/wire/field_list.h"
#include "server/wire/inode.h"
#include "server/wire/layout.h"
#include "server/wire/statx.h"
#include "server/wire/types.h"

namespace gofer::wire {

// Why a walk ended.
enum class WalkStatus : uint8_t {
  kSuccess = 0,
  kComponentDoesNotExist = 1,
  kComponentSymlink = 2,  // With components left to walk.
};

// The request of both: the components of path, from dir_fd on. WalkStat takes
// an empty first component for dir_fd itself.
struct WalkReq {
  FdId dir_fd{};
  StringArray path{};

  using Fields = FieldList<Field<"dir_fd", &WalkReq::dir_fd>,
                           Field<"path", &WalkReq::path>>;
};
static_assert(kMinSize<WalkReq> == 10);

// One inode for each component that was walked.
struct WalkResp {
  WalkStatus status{};
  Array<Inode> inodes{};

  using Fields = FieldList<Field<"status", &WalkResp::status>,
                           Field<"inodes", &WalkResp::inodes>>;
};
static_assert(kMinSize<WalkResp> == 3);

// One Statx for each component that was walked; the response does not say why
// the walk ended.
struct WalkStatResp {
  Array<Statx> stats{};

  using Fields = FieldList<Field<"stats", &WalkStatResp::stats>>;
};
static_assert(kMinSize<WalkStatResp> == 2);

}  // namespace gofer::wire

#endif  // GOFER_SERVER_WIRE_MESSAGES_WALK_H_
