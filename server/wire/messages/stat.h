// FStat, SetStat and FStatFS. The response of FStat is Statx. DO NOT CHANGE the
// layouts. Source: gVisor pkg/lisafs/message.go, Nov 2023.

#ifndef GOFER_SERVER_WIRE_MESSAGES_STAT_H_
#define GOFER_SERVER_WIRE_MESSAGES_STAT_H_

#include <linux/stat.h>

#include <cstdint>

#include "server/wire/field_list.h"
#include "server/wire/layout.h"
#include "server/wire/types.h"

namespace gofer::wire {

// The attributes that SetStat can change; any other bit in its mask is EPERM.
inline constexpr uint32_t kSetStatMask =
    STATX_MODE | STATX_UID | STATX_GID | STATX_ATIME | STATX_MTIME | STATX_SIZE;
static_assert(kSetStatMask == 0x27A);

// fd is a control or an open FD.
struct FStatReq {
  FdId fd{};

  using Fields = FieldList<Field<"fd", &FStatReq::fd>>;
};
static_assert(kFixedSize<FStatReq> == 8);

// A time to set; nsec may be UTIME_NOW or UTIME_OMIT.
struct Timespec {
  int64_t sec = 0;
  int64_t nsec = 0;

  using Fields =
      FieldList<Field<"sec", &Timespec::sec>, Field<"nsec", &Timespec::nsec>>;
};
static_assert(kFixedSize<Timespec> == 16);

// mask tells in STATX_ bits which of the values to set on the control FD.
struct SetStatReq {
  FdId fd{};
  uint32_t mask = 0;
  uint32_t mode = 0;
  uint32_t uid = kNoId;
  uint32_t gid = kNoId;
  uint64_t size = 0;
  Timespec atime{};
  Timespec mtime{};

  using Fields =
      FieldList<Field<"fd", &SetStatReq::fd>,
                Field<"mask", &SetStatReq::mask, Show::kHex>,
                Field<"mode", &SetStatReq::mode, Show::kOctal>,
                Field<"uid", &SetStatReq::uid>, Field<"gid", &SetStatReq::gid>,
                Field<"size", &SetStatReq::size>,
                Field<"atime", &SetStatReq::atime>,
                Field<"mtime", &SetStatReq::mtime>>;
};
static_assert(kFixedSize<SetStatReq> == 64);

// Which attributes failed, and the errno of the last of them.
struct SetStatResp {
  uint32_t failure_mask = 0;
  uint32_t failure_errno = 0;

  using Fields =
      FieldList<Field<"failure_mask", &SetStatResp::failure_mask, Show::kHex>,
                Field<"failure_errno", &SetStatResp::failure_errno>>;
};
static_assert(kFixedSize<SetStatResp> == 8);

struct FStatFsReq {
  FdId fd{};

  using Fields = FieldList<Field<"fd", &FStatFsReq::fd>>;
};
static_assert(kFixedSize<FStatFsReq> == 8);

// The values of statfs(2).
struct StatFs {
  uint64_t type = 0;
  int64_t block_size = 0;
  uint64_t blocks = 0;
  uint64_t blocks_free = 0;
  uint64_t blocks_available = 0;
  uint64_t files = 0;
  uint64_t files_free = 0;
  uint64_t name_length = 0;

  using Fields = FieldList<Field<"type", &StatFs::type, Show::kHex>,
                           Field<"block_size", &StatFs::block_size>,
                           Field<"blocks", &StatFs::blocks>,
                           Field<"blocks_free", &StatFs::blocks_free>,
                           Field<"blocks_available", &StatFs::blocks_available>,
                           Field<"files", &StatFs::files>,
                           Field<"files_free", &StatFs::files_free>,
                           Field<"name_length", &StatFs::name_length>>;
};
static_assert(kFixedSize<StatFs> == 64);

}  // namespace gofer::wire

#endif  // GOFER_SERVER_WIRE_MESSAGES_STAT_H_
