// MessageId: the numbers that name LISAFS RPCs. DO NOT CHANGE a value: they are
// the protocol. Source: gVisor pkg/lisafs/message.go, Nov 2023; 32 and 33 from
// Aug 2026.

#ifndef GOFER_SERVER_WIRE_MESSAGE_ID_H_
#define GOFER_SERVER_WIRE_MESSAGE_ID_H_

#include <cstddef>
#include <cstdint>

namespace gofer::wire {

enum class MessageId : uint16_t {
  kError = 0,
  kMount = 1,
  kChannel = 2,
  kFStat = 3,
  kSetStat = 4,
  kWalk = 5,
  kWalkStat = 6,
  kOpenAt = 7,
  kOpenCreateAt = 8,
  kClose = 9,
  kFSync = 10,
  kPWrite = 11,
  kPRead = 12,
  kMkdirAt = 13,
  kMknodAt = 14,
  kSymlinkAt = 15,
  kLinkAt = 16,
  kFStatFs = 17,
  kFAllocate = 18,
  kReadLinkAt = 19,
  kFlush = 20,
  kConnect = 21,
  kUnlinkAt = 22,
  kRenameAt = 23,
  kGetdents64 = 24,
  kFGetXattr = 25,
  kFSetXattr = 26,
  kFListXattr = 27,
  kFRemoveXattr = 28,
  kBindAt = 29,
  kListen = 30,
  kAccept = 31,
  kConnectWithCreds = 32,
  kRenameAt2 = 33,
};

// The number of message ids that this server knows: ids are below it.
inline constexpr size_t kMessageIdCount = 34;

}  // namespace gofer::wire

#endif  // GOFER_SERVER_WIRE_MESSAGE_ID_H_
