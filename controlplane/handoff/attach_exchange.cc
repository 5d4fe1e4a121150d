#include "controlplane/handoff/attach_exchange.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>

#include "absl/strings/string_view.h"
#include "controlplane/errors/error.h"
#include "server/uds/fd_message.h"
#include "server/uds/unix_socket.h"

namespace goferd::handoff {
namespace {

using errors::Reason;
using gofer::base::Errno;
using gofer::base::ErrnoOr;
using gofer::base::UniqueFd;
using gofer::uds::SocketType;

absl::Status Malformed(absl::string_view text) {
  return errors::Error(Reason::FIELD_INVALID, text);
}

absl::Status CheckFds(const AttachOrder& order) {
  const size_t expected =
      order.request.op == AttachOp::kGive ? order.request.tickets.size() : 0;
  if (order.fds.size() != expected) {
    return Malformed("the number of descriptors is not that of the tickets");
  }
  for (const UniqueFd& fd : order.fds) {
    if (!gofer::uds::CheckConnected(fd.get(), SocketType::kStream).ok()) {
      return Malformed("a descriptor is not a connected UNIX stream socket");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<AttachOrder> ToOrder(absl::string_view packet,
                                    std::vector<UniqueFd> fds) {
  auto request = DecodeRequest(packet);
  if (!request) return Malformed("this is no attach request of version 1");
  AttachOrder order{std::move(*request), std::move(fds)};
  if (absl::Status checked = CheckFds(order); !checked.ok()) return checked;
  return order;
}

struct Ends {
  std::vector<UniqueFd> gofers;
  std::vector<UniqueFd> clients;
};

// Before the tickets are used up: what can fail does not cost them.
absl::StatusOr<Ends> MakeEnds(AttachOrder order) {
  Ends ends;
  if (order.request.op == AttachOp::kGive) {
    ends.gofers = std::move(order.fds);
    return ends;
  }
  for (size_t i = 0; i < order.request.tickets.size(); ++i) {
    auto pair = gofer::uds::MakeSocketPair(SocketType::kStream);
    if (!pair.ok()) {
      return errors::FromErrno(pair.error().number(), "socketpair");
    }
    ends.gofers.push_back(std::move(pair->first));
    ends.clients.push_back(std::move(pair->second));
  }
  return ends;
}

std::vector<int> Borrowed(const std::vector<UniqueFd>& fds) {
  std::vector<int> numbers;
  for (const UniqueFd& fd : fds) numbers.push_back(fd.get());
  return numbers;
}

}  // namespace

ErrnoOr<absl::StatusOr<AttachOrder>> ReceiveOrder(int socket) {
  std::array<std::byte, kMaxRequestBytes + 1> bytes;
  auto message = gofer::uds::ReceiveWithFds(socket, bytes, kMaxTickets,
                                            MSG_DONTWAIT | MSG_TRUNC);
  if (!message.ok()) {
    if (message.error() != Errno(EMSGSIZE)) return message.error();
    return absl::StatusOr<AttachOrder>(
        Malformed("not all descriptors could be taken"));
  }
  if (message->byte_count == 0 && message->fds.empty()) {
    return Errno(ECONNRESET);
  }
  if (message->byte_count > kMaxRequestBytes) {
    return absl::StatusOr<AttachOrder>(Malformed("the request is too long"));
  }
  return ToOrder(absl::string_view(reinterpret_cast<const char*>(bytes.data()),
                                   message->byte_count),
                 std::move(message->fds));
}

absl::StatusOr<std::vector<UniqueFd>> CarryOut(
    AttachOrder order, const gofer::uds::PeerCredentials& peer,
    supervisor::Supervisor& supervisor, AttachAudit& audit) {
  const auto mode = order.request.op == AttachOp::kGive
                        ? admin::v1::ATTACH_MODE_GIVE
                        : admin::v1::ATTACH_MODE_TAKE;
  const char* const word =
      order.request.op == AttachOp::kGive ? "GIVE" : "TAKE";
  const std::vector<std::string> tickets = order.request.tickets;
  auto ends = MakeEnds(std::move(order));
  if (!ends.ok()) return ends.status();
  const auto claims = supervisor.ClaimTickets(tickets, peer, mode);
  if (!claims.ok()) {
    audit.Refused(word, peer, claims.status());
    return claims.status();
  }
  absl::Status first_failure;
  // To the last, whatever fails: a claim that nobody attaches would stay
  // pending for ever.
  for (size_t i = 0; i < claims->size(); ++i) {
    absl::Status attached =
        supervisor.Attach((*claims)[i], std::move(ends->gofers[i]), peer);
    audit.Used(word, peer, (*claims)[i], attached);
    if (first_failure.ok()) first_failure = attached;
  }
  if (!first_failure.ok()) return first_failure;
  return std::move(ends->clients);
}

void Answer(int socket, const absl::StatusOr<std::vector<UniqueFd>>& result) {
  AttachAnswer answer;
  std::vector<int> fds;
  if (result.ok()) {
    fds = Borrowed(*result);
    answer.fd_count = static_cast<uint16_t>(fds.size());
  } else {
    answer.status = static_cast<uint32_t>(result.status().code());
    answer.reason = static_cast<uint32_t>(errors::ReasonOf(result.status()));
    answer.text = std::string(result.status().message());
  }
  const std::string packet = EncodeAnswer(answer);
  // A client that is gone loses its connections: our copies of their ends go.
  (void)gofer::uds::SendWithFds(
      socket, std::as_bytes(std::span(packet.data(), packet.size())), fds,
      MSG_DONTWAIT);
}

}  // namespace goferd::handoff
