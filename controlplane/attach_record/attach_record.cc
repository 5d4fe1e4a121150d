#include "controlplane/attach_record/attach_record.h"

namespace goferd::attach_record {
namespace {

constexpr absl::string_view kRequestMagic = "GFRq";
constexpr absl::string_view kAnswerMagic = "GFAn";
constexpr size_t kRequestHeader = 12;
constexpr size_t kAnswerHeader = 16;

template <class Number>
void Append(std::string& to, Number value) {
  for (size_t i = 0; i < sizeof(Number); ++i) {
    to.push_back(static_cast<char>((value >> (8 * i)) & 0xff));
  }
}

// Reads a number; the caller has checked that `from` is long enough.
uint32_t Read(absl::string_view from, size_t offset, size_t size) {
  uint32_t value = 0;
  for (size_t i = 0; i < size; ++i) {
    value |= static_cast<uint32_t>(static_cast<unsigned char>(from[offset + i]))
             << (8 * i);
  }
  return value;
}

uint16_t Read16(absl::string_view from, size_t offset) {
  return static_cast<uint16_t>(Read(from, offset, 2));
}

uint32_t Read32(absl::string_view from, size_t offset) {
  return Read(from, offset, 4);
}

bool BeginsWith(absl::string_view packet, absl::string_view magic) {
  return packet.substr(0, magic.size()) == magic &&
         Read16(packet, magic.size()) == kAttachVersion;
}

bool IsOp(uint16_t op) {
  return op == static_cast<uint16_t>(AttachOp::kTake) ||
         op == static_cast<uint16_t>(AttachOp::kGive);
}

}  // namespace

std::optional<std::string> EncodeRequest(const AttachRequest& request) {
  if (request.tickets.empty() || request.tickets.size() > kMaxTickets) {
    return std::nullopt;
  }
  std::string packet(kRequestMagic);
  Append(packet, kAttachVersion);
  Append(packet, static_cast<uint16_t>(request.op));
  Append(packet, static_cast<uint16_t>(request.tickets.size()));
  Append(packet, uint16_t{0});
  for (const std::string& ticket : request.tickets) {
    if (ticket.size() != kTicketSize) return std::nullopt;
    packet += ticket;
  }
  return packet;
}

std::optional<AttachRequest> DecodeRequest(absl::string_view packet) {
  if (packet.size() < kRequestHeader || !BeginsWith(packet, kRequestMagic)) {
    return std::nullopt;
  }
  const uint16_t op = Read16(packet, 6);
  const size_t count = Read16(packet, 8);
  if (!IsOp(op) || count == 0 || count > kMaxTickets ||
      Read16(packet, 10) != 0 ||
      packet.size() != kRequestHeader + count * kTicketSize) {
    return std::nullopt;
  }
  AttachRequest request;
  request.op = static_cast<AttachOp>(op);
  for (size_t i = 0; i < count; ++i) {
    request.tickets.emplace_back(
        packet.substr(kRequestHeader + i * kTicketSize, kTicketSize));
  }
  return request;
}

std::string EncodeAnswer(const AttachAnswer& answer) {
  std::string packet(kAnswerMagic);
  Append(packet, kAttachVersion);
  Append(packet, answer.fd_count);
  Append(packet, answer.status);
  Append(packet, answer.reason);
  packet += answer.text.substr(0, kMaxAnswerText);
  return packet;
}

std::optional<AttachAnswer> DecodeAnswer(absl::string_view packet) {
  if (packet.size() < kAnswerHeader || packet.size() > kMaxAnswerBytes ||
      !BeginsWith(packet, kAnswerMagic)) {
    return std::nullopt;
  }
  AttachAnswer answer;
  answer.fd_count = Read16(packet, 6);
  answer.status = Read32(packet, 8);
  answer.reason = Read32(packet, 12);
  answer.text = std::string(packet.substr(kAnswerHeader));
  if (answer.fd_count > kMaxTickets) return std::nullopt;
  return answer;
}

}  // namespace goferd::attach_record
