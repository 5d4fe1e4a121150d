// Connect, ConnectWithCreds, BindAt, Listen and Accept. DO NOT CHANGE the
// layouts. Sources: gVisor pkg/lisafs/message.go, Nov 2023 and, for
// ConnectWithCreds, Aug 2026.

#ifndef GOFER_SERVER_WIRE_MESSAGES_SOCKET_H_
#define GOFER_SERVER_WIRE_MESSAGES_SOCKET_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "server/wire/create_common.h"
#include "server/wire/field_list.h"
#include "server/wire/inode.h"
#include "server/wire/layout.h"
#include "server/wire/types.h"

namespace gofer::wire {

// fd is the control FD of a socket file.
struct ConnectReq {
  FdId fd{};
  uint32_t sock_type = 0;  // SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET.

  using Fields = FieldList<Field<"fd", &ConnectReq::fd>,
                           Field<"sock_type", &ConnectReq::sock_type>, Pad<4>>;
};
static_assert(kFixedSize<ConnectReq> == 16);

// The same as ConnectReq, made as the user uid:gid.
struct ConnectWithCredsReq {
  FdId fd{};
  uint32_t sock_type = 0;
  uint32_t uid = kNoId;
  uint32_t gid = kNoId;

  using Fields = FieldList<Field<"fd", &ConnectWithCredsReq::fd>,
                           Field<"sock_type", &ConnectWithCredsReq::sock_type>,
                           Pad<4>, Field<"uid", &ConnectWithCredsReq::uid>,
                           Field<"gid", &ConnectWithCredsReq::gid>>;
};
static_assert(kFixedSize<ConnectWithCredsReq> == 24);

struct BindAtReq {
  CreateCommon common{};
  uint32_t sock_type = 0;
  absl::string_view name{};

  using Fields = FieldList<Field<"", &BindAtReq::common>,
                           Field<"sock_type", &BindAtReq::sock_type>,
                           Field<"name", &BindAtReq::name>>;
};
static_assert(kMinSize<BindAtReq> == 30);

struct BindAtResp {
  Inode child{};
  FdId bound_socket_fd{};

  using Fields =
      FieldList<Field<"child", &BindAtResp::child>,
                Field<"bound_socket_fd", &BindAtResp::bound_socket_fd>>;
};
static_assert(kFixedSize<BindAtResp> == 160);

// fd is a bound socket FD, as in Accept.
struct ListenReq {
  FdId fd{};
  int32_t backlog = 0;

  using Fields = FieldList<Field<"fd", &ListenReq::fd>,
                           Field<"backlog", &ListenReq::backlog>, Pad<4>>;
};
static_assert(kFixedSize<ListenReq> == 16);

struct AcceptReq {
  FdId fd{};

  using Fields = FieldList<Field<"fd", &AcceptReq::fd>>;
};
static_assert(kFixedSize<AcceptReq> == 8);

struct AcceptResp {
  absl::string_view peer_addr{};

  using Fields = FieldList<Field<"peer_addr", &AcceptResp::peer_addr>>;
};
static_assert(kMinSize<AcceptResp> == 2);

}  // namespace gofer::wire

#endif  // GOFER_SERVER_WIRE_MESSAGES_SOCKET_H_
