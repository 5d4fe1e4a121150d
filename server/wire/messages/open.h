// OpenAt, OpenCreateAt and Close. DO NOT CHANGE the layouts.
// Source: gVisor pkg/lisafs/message.go, Nov 2023.

#ifndef GOFER_SERVER_WIRE_MESSAGES_OPEN_H_
#define GOFER_SERVER_WIRE_MESSAGES_OPEN_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "server/wire/array.h"
#include "server/wire/create_common.h"
#include "server/wire/field_list.h"
#include "server/wire/inode.h"
#include "server/wire/layout.h"
#include "server/wire/types.h"

namespace gofer::wire {

// flags are those of open(2); only O_ACCMODE and O_TRUNC count.
struct OpenAtReq {
  FdId fd{};
  uint32_t flags = 0;

  using Fields =
      FieldList<Field<"fd", &OpenAtReq::fd>,
                Field<"flags", &OpenAtReq::flags, Show::kOctal>, Pad<4>>;
};
static_assert(kFixedSize<OpenAtReq> == 16);

struct OpenAtResp {
  FdId open_fd{};

  using Fields = FieldList<Field<"open_fd", &OpenAtResp::open_fd>>;
};
static_assert(kFixedSize<OpenAtResp> == 8);

// flags as in OpenAtReq; creation is always exclusive.
struct OpenCreateAtReq {
  CreateCommon common{};
  uint32_t flags = 0;
  absl::string_view name{};

  using Fields =
      FieldList<Field<"", &OpenCreateAtReq::common>,
                Field<"flags", &OpenCreateAtReq::flags, Show::kOctal>,
                Field<"name", &OpenCreateAtReq::name>>;
};
static_assert(kMinSize<OpenCreateAtReq> == 30);

struct OpenCreateAtResp {
  Inode child{};
  FdId open_fd{};

  using Fields = FieldList<Field<"child", &OpenCreateAtResp::child>,
                           Field<"new_open_fd", &OpenCreateAtResp::open_fd>>;
};
static_assert(kFixedSize<OpenCreateAtResp> == 160);

// fds may be of any kind; unknown FDIDs are ignored.
struct CloseReq {
  Array<FdId> fds{};

  using Fields = FieldList<Field<"fds", &CloseReq::fds>>;
};
static_assert(kMinSize<CloseReq> == 2);

}  // namespace gofer::wire

#endif  // GOFER_SERVER_WIRE_MESSAGES_OPEN_H_
