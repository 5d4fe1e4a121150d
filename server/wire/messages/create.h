// MkdirAt, MknodAt and SymlinkAt. DO NOT CHANGE the layouts.
// Source: gVisor pkg/lisafs/message.go, Nov 2023.

#ifndef GOFER_SERVER_WIRE_MESSAGES_CREATE_H_
#define GOFER_SERVER_WIRE_MESSAGES_CREATE_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "server/wire/create_common.h"
#include "server/wire/field_list.h"
#include "server/wire/inode.h"
#include "server/wire/layout.h"
#include "server/wire/types.h"

namespace gofer::wire {

struct MkdirAtReq {
  CreateCommon common{};
  absl::string_view name{};

  using Fields = FieldList<Field<"", &MkdirAtReq::common>,
                           Field<"name", &MkdirAtReq::name>>;
};
static_assert(kMinSize<MkdirAtReq> == 26);

struct MkdirAtResp {
  Inode child{};

  using Fields = FieldList<Field<"child", &MkdirAtResp::child>>;
};
static_assert(kFixedSize<MkdirAtResp> == 152);

// Note that minor precedes major. (The plain words are macros of glibc.)
struct MknodAtReq {
  CreateCommon common{};
  uint32_t minor_number = 0;
  uint32_t major_number = 0;
  absl::string_view name{};

  using Fields = FieldList<Field<"", &MknodAtReq::common>,
                           Field<"minor", &MknodAtReq::minor_number>,
                           Field<"major", &MknodAtReq::major_number>,
                           Field<"name", &MknodAtReq::name>>;
};
static_assert(kMinSize<MknodAtReq> == 34);

struct MknodAtResp {
  Inode child{};

  using Fields = FieldList<Field<"child", &MknodAtResp::child>>;
};
static_assert(kFixedSize<MknodAtResp> == 152);

// Makes `name` in dir_fd, which says `target`.
struct SymlinkAtReq {
  FdId dir_fd{};
  uint32_t uid = kNoId;
  uint32_t gid = kNoId;
  absl::string_view name{};
  absl::string_view target{};

  using Fields = FieldList<
      Field<"dir_fd", &SymlinkAtReq::dir_fd>, Field<"uid", &SymlinkAtReq::uid>,
      Field<"gid", &SymlinkAtReq::gid>, Field<"name", &SymlinkAtReq::name>,
      Field<"target", &SymlinkAtReq::target>>;
};
static_assert(kMinSize<SymlinkAtReq> == 20);

struct SymlinkAtResp {
  Inode child{};

  using Fields = FieldList<Field<"child", &SymlinkAtResp::child>>;
};
static_assert(kFixedSize<SymlinkAtResp> == 152);

}  // namespace gofer::wire

#endif  // GOFER_SERVER_WIRE_MESSAGES_CREATE_H_
