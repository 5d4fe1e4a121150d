// FGetXattr, FSetXattr, FListXattr and FRemoveXattr. DO NOT CHANGE the layouts.
// Source: gVisor pkg/lisafs/message.go, Nov 2023.

#ifndef GOFER_SERVER_WIRE_MESSAGES_XATTR_H_
#define GOFER_SERVER_WIRE_MESSAGES_XATTR_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "server/wire/array.h"
#include "server/wire/field_list.h"
#include "server/wire/layout.h"
#include "server/wire/types.h"

namespace gofer::wire {

struct FGetXattrReq {
  FdId fd{};
  uint32_t buf_size = 0;  // The longest value wanted; 0 is no limit.
  absl::string_view name{};

  using Fields = FieldList<Field<"fd", &FGetXattrReq::fd>,
                           Field<"buf_size", &FGetXattrReq::buf_size>,
                           Field<"name", &FGetXattrReq::name>>;
};
static_assert(kMinSize<FGetXattrReq> == 14);

struct FGetXattrResp {
  absl::string_view value{};

  using Fields = FieldList<Field<"value", &FGetXattrResp::value>>;
};
static_assert(kMinSize<FGetXattrResp> == 2);

struct FSetXattrReq {
  FdId fd{};
  uint32_t flags = 0;  // XATTR_ bits.
  absl::string_view name{};
  absl::string_view value{};

  using Fields = FieldList<Field<"fd", &FSetXattrReq::fd>,
                           Field<"flags", &FSetXattrReq::flags, Show::kHex>,
                           Field<"name", &FSetXattrReq::name>,
                           Field<"value", &FSetXattrReq::value>>;
};
static_assert(kMinSize<FSetXattrReq> == 16);

struct FListXattrReq {
  FdId fd{};
  uint64_t size = 0;  // Bytes of the list; 0 is no limit.

  using Fields = FieldList<Field<"fd", &FListXattrReq::fd>,
                           Field<"size", &FListXattrReq::size>>;
};
static_assert(kFixedSize<FListXattrReq> == 16);

struct FListXattrResp {
  StringArray names{};

  using Fields = FieldList<Field<"names", &FListXattrResp::names>>;
};
static_assert(kMinSize<FListXattrResp> == 2);

struct FRemoveXattrReq {
  FdId fd{};
  absl::string_view name{};

  using Fields = FieldList<Field<"fd", &FRemoveXattrReq::fd>,
                           Field<"name", &FRemoveXattrReq::name>>;
};
static_assert(kMinSize<FRemoveXattrReq> == 10);

}  // namespace gofer::wire

#endif  // GOFER_SERVER_WIRE_MESSAGES_XATTR_H_
