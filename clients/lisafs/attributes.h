// What a caller says about the attributes of a file.

#ifndef GOFER_CLIENTS_LISAFS_ATTRIBUTES_H_
#define GOFER_CLIENTS_LISAFS_ATTRIBUTES_H_

#include <cstdint>
#include <optional>

#include "server/wire/messages/stat.h"
#include "server/wire/types.h"

namespace gofer::client {

// The owner of a new file. wire::kNoId stands for the user or group that the
// server runs as.
struct Owner {
  uint32_t uid = wire::kNoId;
  uint32_t gid = wire::kNoId;
};

// Permission bits and owner of a new file.
struct NewFile {
  uint16_t mode = 0644;
  Owner owner = {};
};

// Device numbers, as of major(3) and minor(3).
struct Device {
  uint32_t major_number = 0;
  uint32_t minor_number = 0;
};

// The attributes to change; an attribute without a value stays as it is. A
// time's nsec may be UTIME_NOW.
struct AttributeChange {
  std::optional<uint32_t> mode = {};  // Permission bits.
  std::optional<uint32_t> uid = {};
  std::optional<uint32_t> gid = {};
  std::optional<uint64_t> size = {};  // Bytes.
  std::optional<wire::Timespec> atime = {};
  std::optional<wire::Timespec> mtime = {};
};

}  // namespace gofer::client

#endif  // GOFER_CLIENTS_LISAFS_ATTRIBUTES_H_
