// PWrite, PRead and FAllocate. DO NOT CHANGE the layouts.
// Source: gVisor pkg/lisafs/message.go, Nov 2023.

#ifndef GOFER_SERVER_WIRE_MESSAGES_IO_H_
#define GOFER_SERVER_WIRE_MESSAGES_IO_H_

#include <cstdint>

#include "server/wire/field_list.h"
#include "server/wire/layout.h"
#include "server/wire/limits.h"
#include "server/wire/types.h"

namespace gofer::wire {

// num_bytes of data follow; they are not part of the struct, and it is the
// caller of Decode who checks that the payload holds them.
struct PWriteReq {
  uint64_t offset = 0;
  FdId fd{};
  uint32_t num_bytes = 0;

  using Fields = FieldList<Field<"offset", &PWriteReq::offset>,
                           Field<"fd", &PWriteReq::fd>,
                           Field<"num_bytes", &PWriteReq::num_bytes>>;
};
static_assert(kFixedSize<PWriteReq> == 20);
static_assert(kFixedSize<PWriteReq> + kMaxPWriteCount == kMaxMessageSize);

struct PWriteResp {
  uint64_t count = 0;  // Bytes written.

  using Fields = FieldList<Field<"count", &PWriteResp::count>>;
};
static_assert(kFixedSize<PWriteResp> == 8);

struct PReadReq {
  uint64_t offset = 0;
  FdId fd{};
  uint32_t count = 0;  // Bytes wanted.

  using Fields =
      FieldList<Field<"offset", &PReadReq::offset>, Field<"fd", &PReadReq::fd>,
                Field<"count", &PReadReq::count>, Pad<4>>;
};
static_assert(kFixedSize<PReadReq> == 24);

// num_bytes of data follow; they are not part of the struct.
struct PReadResp {
  uint64_t num_bytes = 0;

  using Fields = FieldList<Field<"num_bytes", &PReadResp::num_bytes>>;
};
static_assert(kFixedSize<PReadResp> == 8);
static_assert(kFixedSize<PReadResp> + kMaxPReadCount == kMaxMessageSize);

// The arguments of fallocate(2).
struct FAllocateReq {
  FdId fd{};
  uint64_t mode = 0;
  uint64_t offset = 0;
  uint64_t length = 0;

  using Fields = FieldList<Field<"fd", &FAllocateReq::fd>,
                           Field<"mode", &FAllocateReq::mode, Show::kHex>,
                           Field<"offset", &FAllocateReq::offset>,
                           Field<"length", &FAllocateReq::length>>;
};
static_assert(kFixedSize<FAllocateReq> == 32);

}  // namespace gofer::wire

#endif  // GOFER_SERVER_WIRE_MESSAGES_IO_H_
