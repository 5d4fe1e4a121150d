// Dirent64: one directory entry as it travels. DO NOT CHANGE the layout.
// Source: gVisor pkg/lisafs/message.go, Nov 2023.

#ifndef GOFER_SERVER_WIRE_DIRENT64_H_
#define GOFER_SERVER_WIRE_DIRENT64_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "server/wire/field_list.h"
#include "server/wire/layout.h"

namespace gofer::wire {

// ino, off and type are those of getdents64(2), type is a DT_ constant. Note
// that minor precedes major.
struct Dirent64 {
  uint64_t ino = 0;
  uint32_t dev_minor = 0;
  uint32_t dev_major = 0;
  uint64_t off = 0;
  uint8_t type = 0;
  absl::string_view name{};

  using Fields = FieldList<
      Field<"ino", &Dirent64::ino>, Field<"dev_minor", &Dirent64::dev_minor>,
      Field<"dev_major", &Dirent64::dev_major>, Field<"off", &Dirent64::off>,
      Field<"type", &Dirent64::type>, Field<"name", &Dirent64::name>>;
};
static_assert(kMinSize<Dirent64> == 27);

}  // namespace gofer::wire

#endif  // GOFER_SERVER_WIRE_DIRENT64_H_
