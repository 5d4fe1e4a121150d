// Error, Mount and Channel. DO NOT CHANGE the layouts.
// Source: gVisor pkg/lisafs/message.go, Nov 2023.

#ifndef GOFER_SERVER_WIRE_MESSAGES_MOUNT_H_
#define GOFER_SERVER_WIRE_MESSAGES_MOUNT_H_

#include <cstdint>

#include "server/wire/array.h"
#include "server/wire/field_list.h"
#include "server/wire/inode.h"
#include "server/wire/layout.h"

namespace gofer::wire {

// The payload of every failed RPC.
struct ErrorResp {
  uint32_t error = 0;  // A positive errno.

  using Fields = FieldList<Field<"errno", &ErrorResp::error>>;
};
static_assert(kFixedSize<ErrorResp> == 4);

// The mount point, and the limits and message ids of this connection.
struct MountResp {
  Inode root{};
  uint32_t max_message_size = 0;  // Bytes of payload, either way.
  Array<uint16_t> supported_messages{};

  using Fields =
      FieldList<Field<"root", &MountResp::root>,
                Field<"max_message_size", &MountResp::max_message_size>,
                Field<"supported", &MountResp::supported_messages>>;
};
static_assert(kMinSize<MountResp> == 158);

// The packet window inside the donated data FD, in bytes.
struct ChannelResp {
  int64_t data_offset = 0;
  uint64_t data_length = 0;

  using Fields = FieldList<Field<"data_offset", &ChannelResp::data_offset>,
                           Field<"data_length", &ChannelResp::data_length>>;
};
static_assert(kFixedSize<ChannelResp> == 16);

}  // namespace gofer::wire

#endif  // GOFER_SERVER_WIRE_MESSAGES_MOUNT_H_
