// AttachRecord: the two packets that are exchanged on the attach socket.

#ifndef GOFERD_CONTROLPLANE_ATTACH_RECORD_ATTACH_RECORD_H_
#define GOFERD_CONTROLPLANE_ATTACH_RECORD_ATTACH_RECORD_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

// A client connects to the attach socket (SOCK_SEQPACKET), sends one request
// as one packet, and receives one answer as one packet. All numbers are little
// endian.
//
// Request:
//   offset  size  field
//   0       4     magic: "GFRq"
//   4       2     version: 1
//   6       2     op: 1 TAKE, 2 GIVE
//   8       2     count: 1 to 250
//   10      2     0
//   12      16    ticket, `count` times; nothing behind them
// With GIVE, `count` descriptors are beside it as one SCM_RIGHTS, in the order
// of the tickets: connected UNIX stream sockets, the gofers' ends. With TAKE
// there are none.
//
// Answer:
//   0       4     magic: "GFAn"
//   4       2     version: 1
//   6       2     count: of the descriptors beside it
//   8       4     status: a gRPC code, 0 for success
//   12      4     reason: a number of goferd.admin.v1.ErrorReason, 0 for none
//   16      0-256 text: what went wrong, for people, ASCII
// With TAKE and success as many descriptors are beside it as there were
// tickets, in their order: the clients' ends. Otherwise there are none.
//
// DO NOT CHANGE: clients of other releases speak it. A new layout has a new
// version; a request of an unknown version is answered by INVALID_ARGUMENT.
namespace goferd::attach_record {

inline constexpr uint16_t kAttachVersion = 1;
inline constexpr size_t kTicketSize = 16;
inline constexpr size_t kMaxTickets = 250;
inline constexpr size_t kMaxAnswerText = 256;
inline constexpr size_t kMaxRequestBytes = 12 + kMaxTickets * kTicketSize;
inline constexpr size_t kMaxAnswerBytes = 16 + kMaxAnswerText;

enum class AttachOp : uint16_t { kTake = 1, kGive = 2 };

struct AttachRequest {
  AttachOp op = AttachOp::kTake;
  // The tickets have kTicketSize bytes each.
  std::vector<std::string> tickets;
};

struct AttachAnswer {
  // A value of absl::StatusCode.
  uint32_t status = 0;
  // A value of admin::v1::ErrorReason.
  uint32_t reason = 0;
  uint16_t fd_count = 0;
  std::string text;
};

// Returns nothing when the number or the length of the tickets is not allowed.
std::optional<std::string> EncodeRequest(const AttachRequest& request);
// Returns nothing when `packet` is anything but a whole request.
std::optional<AttachRequest> DecodeRequest(absl::string_view packet);

// A text that is too long is cut.
std::string EncodeAnswer(const AttachAnswer& answer);
// Returns nothing when `packet` is anything but a whole answer.
std::optional<AttachAnswer> DecodeAnswer(absl::string_view packet);

}  // namespace goferd::attach_record

#endif  // GOFERD_CONTROLPLANE_ATTACH_RECORD_ATTACH_RECORD_H_
