// The table of LISAFS messages: one row per id, from which everything that is
// true of "all messages" is derived. Sources: gVisor pkg/lisafs/message.go and
// handlers.go, Nov 2023; ids 32 and 33, and that BindAt mutates, Aug 2026.

#ifndef GOFER_SERVER_WIRE_MESSAGE_LIST_H_
#define GOFER_SERVER_WIRE_MESSAGE_LIST_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "server/wire/array.h"
#include "server/wire/field_list.h"
#include "server/wire/layout.h"
#include "server/wire/message_id.h"
#include "server/wire/messages/create.h"
#include "server/wire/messages/getdents.h"
#include "server/wire/messages/io.h"
#include "server/wire/messages/link.h"
#include "server/wire/messages/mount.h"
#include "server/wire/messages/open.h"
#include "server/wire/messages/rename.h"
#include "server/wire/messages/socket.h"
#include "server/wire/messages/stat.h"
#include "server/wire/messages/sync.h"
#include "server/wire/messages/walk.h"
#include "server/wire/messages/xattr.h"
#include "server/wire/statx.h"
#include "server/wire/types.h"

namespace gofer::wire {

// Whether a message changes the file system whatever its arguments: a read-only
// connection then answers EROFS. OpenAt is not kMutates, because its flags
// decide.
enum class Effect : uint8_t { kReads, kMutates };

// One message with its types; `MaxFds` descriptors at most come with the
// response (requests never carry any).
template <MessageId kRowId, FieldName kRowName, class RequestType,
          class ResponseType, Effect kRowEffect = Effect::kReads,
          uint8_t kRowMaxFds = 0>
struct TypedRow {
  using Request = RequestType;
  using Response = ResponseType;
  static constexpr MessageId kId = kRowId;
  static constexpr absl::string_view kName = kRowName.view();
  static constexpr Effect kEffect = kRowEffect;
  static constexpr uint8_t kMaxFds = kRowMaxFds;

  static_assert(kListsAllMembers<Request> && kListsAllMembers<Response>);
};

template <class... Rows>
struct RowList {};

namespace internal {
inline constexpr Effect kReads = Effect::kReads;
inline constexpr Effect kMutates = Effect::kMutates;
using Id = MessageId;
using Empty = EmptyMessage;

// clang-format off
using AllMessages = RowList<
    TypedRow<Id::kError, "Error", Empty, ErrorResp>,
    TypedRow<Id::kMount, "Mount", Empty, MountResp, kReads, 1>,
    TypedRow<Id::kChannel, "Channel", Empty, ChannelResp, kReads, 2>,
    TypedRow<Id::kFStat, "FStat", FStatReq, Statx>,
    TypedRow<Id::kSetStat, "SetStat", SetStatReq, SetStatResp, kMutates>,
    TypedRow<Id::kWalk, "Walk", WalkReq, WalkResp>,
    TypedRow<Id::kWalkStat, "WalkStat", WalkReq, WalkStatResp>,
    TypedRow<Id::kOpenAt, "OpenAt", OpenAtReq, OpenAtResp, kReads, 1>,
    TypedRow<Id::kOpenCreateAt, "OpenCreateAt", OpenCreateAtReq,
             OpenCreateAtResp, kMutates, 1>,
    TypedRow<Id::kClose, "Close", CloseReq, Empty>,
    TypedRow<Id::kFSync, "FSync", FSyncReq, Empty>,
    TypedRow<Id::kPWrite, "PWrite", PWriteReq, PWriteResp, kMutates>,
    TypedRow<Id::kPRead, "PRead", PReadReq, PReadResp>,
    TypedRow<Id::kMkdirAt, "MkdirAt", MkdirAtReq, MkdirAtResp, kMutates>,
    TypedRow<Id::kMknodAt, "MknodAt", MknodAtReq, MknodAtResp, kMutates>,
    TypedRow<Id::kSymlinkAt, "SymlinkAt", SymlinkAtReq, SymlinkAtResp,
             kMutates>,
    TypedRow<Id::kLinkAt, "LinkAt", LinkAtReq, LinkAtResp, kMutates>,
    TypedRow<Id::kFStatFs, "FStatFS", FStatFsReq, StatFs>,
    TypedRow<Id::kFAllocate, "FAllocate", FAllocateReq, Empty, kMutates>,
    TypedRow<Id::kReadLinkAt, "ReadLinkAt", ReadLinkAtReq, ReadLinkAtResp>,
    TypedRow<Id::kFlush, "Flush", FlushReq, Empty>,
    TypedRow<Id::kConnect, "Connect", ConnectReq, Empty, kReads, 1>,
    TypedRow<Id::kUnlinkAt, "UnlinkAt", UnlinkAtReq, Empty, kMutates>,
    TypedRow<Id::kRenameAt, "RenameAt", RenameAtReq, Empty, kMutates>,
    TypedRow<Id::kGetdents64, "Getdents64", Getdents64Req, Getdents64Resp>,
    TypedRow<Id::kFGetXattr, "FGetXattr", FGetXattrReq, FGetXattrResp>,
    TypedRow<Id::kFSetXattr, "FSetXattr", FSetXattrReq, Empty, kMutates>,
    TypedRow<Id::kFListXattr, "FListXattr", FListXattrReq, FListXattrResp>,
    TypedRow<Id::kFRemoveXattr, "FRemoveXattr", FRemoveXattrReq, Empty,
             kMutates>,
    TypedRow<Id::kBindAt, "BindAt", BindAtReq, BindAtResp, kMutates, 1>,
    TypedRow<Id::kListen, "Listen", ListenReq, Empty>,
    TypedRow<Id::kAccept, "Accept", AcceptReq, AcceptResp, kReads, 1>,
    TypedRow<Id::kConnectWithCreds, "ConnectWithCreds", ConnectWithCredsReq,
             Empty, kReads, 1>,
    TypedRow<Id::kRenameAt2, "RenameAt2", RenameAt2Req, Empty, kMutates>>;
// clang-format on
}  // namespace internal

// A row without its types.
struct MessageRow {
  MessageId id;
  absl::string_view name;
  uint8_t max_fds;
  bool mutates;
};

// Calls visit.template operator()<Row>() for every TypedRow, by ascending id:
//   ForEachMessage([]<class Row>() { Use<typename Row::Request>(Row::kName);
//   });
template <class Visitor>
constexpr void ForEachMessage(Visitor&& visit) {
  [&visit]<class... Rows>(RowList<Rows...>) {
    (visit.template operator()<Rows>(), ...);
  }(internal::AllMessages());
}

namespace internal {
template <class... Rows>
constexpr std::array<MessageRow, sizeof...(Rows)> MakeRows(RowList<Rows...>) {
  return {MessageRow{Rows::kId, Rows::kName, Rows::kMaxFds,
                     Rows::kEffect == Effect::kMutates}...};
}
inline constexpr auto kRows = MakeRows(AllMessages());

constexpr bool RowsAreIndexedById() {
  for (size_t i = 0; i < kRows.size(); ++i) {
    if (static_cast<size_t>(kRows[i].id) != i) return false;
  }
  return true;
}
static_assert(kRows.size() == kMessageIdCount && RowsAreIndexedById(),
              "a message id has no row, or the rows are out of order");
}  // namespace internal

// The row of `id`, which is one of the enum's constants.
constexpr const MessageRow& RowOf(MessageId id) {
  return internal::kRows[static_cast<size_t>(id)];
}

// The name of message `mid`, which may come from the peer; "?" when unknown.
constexpr absl::string_view NameOf(uint16_t mid) {
  return mid < kMessageIdCount ? internal::kRows[mid].name
                               : absl::string_view("?", 1);
}

// Whether a read-only connection refuses `id` with EROFS.
constexpr bool Mutates(MessageId id) { return RowOf(id).mutates; }

}  // namespace gofer::wire

#endif  // GOFER_SERVER_WIRE_MESSAGE_LIST_H_
