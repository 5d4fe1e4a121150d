// LinkAt, ReadLinkAt and UnlinkAt. DO NOT CHANGE the layouts.
// Source: gVisor pkg/lisafs/message.go, Nov 2023.

#ifndef GOFER_SERVER_WIRE_MESSAGES_LINK_H_
#define GOFER_SERVER_WIRE_MESSAGES_LINK_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "server/wire/field_list.h"
#include "server/wire/inode.h"
#include "server/wire/layout.h"
#include "server/wire/types.h"

namespace gofer::wire {

// Makes `name` in dir_fd another name of target_fd.
struct LinkAtReq {
  FdId dir_fd{};
  FdId target_fd{};
  absl::string_view name{};

  using Fields = FieldList<Field<"dir_fd", &LinkAtReq::dir_fd>,
                           Field<"target_fd", &LinkAtReq::target_fd>,
                           Field<"name", &LinkAtReq::name>>;
};
static_assert(kMinSize<LinkAtReq> == 18);

struct LinkAtResp {
  Inode child{};

  using Fields = FieldList<Field<"child", &LinkAtResp::child>>;
};
static_assert(kFixedSize<LinkAtResp> == 152);

struct ReadLinkAtReq {
  FdId fd{};

  using Fields = FieldList<Field<"fd", &ReadLinkAtReq::fd>>;
};
static_assert(kFixedSize<ReadLinkAtReq> == 8);

struct ReadLinkAtResp {
  absl::string_view target{};

  using Fields = FieldList<Field<"target", &ReadLinkAtResp::target>>;
};
static_assert(kMinSize<ReadLinkAtResp> == 2);

struct UnlinkAtReq {
  FdId dir_fd{};
  uint32_t flags = 0;  // The flags of unlinkat(2).
  absl::string_view name{};

  using Fields = FieldList<Field<"dir_fd", &UnlinkAtReq::dir_fd>,
                           Field<"flags", &UnlinkAtReq::flags, Show::kHex>,
                           Field<"name", &UnlinkAtReq::name>>;
};
static_assert(kMinSize<UnlinkAtReq> == 14);

}  // namespace gofer::wire

#endif  // GOFER_SERVER_WIRE_MESSAGES_LINK_H_
