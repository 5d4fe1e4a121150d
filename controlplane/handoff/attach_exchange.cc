#include "controlplane/handoff/attach_exchange.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "controlplane/errors/error.h"
#include "controlplane/names/resource_name.h"
#include "server/base/syscall.h"
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
  const size_t expected = order.request.op == attach_record::AttachOp::kGive
                              ? order.request.tickets.size()
                              : 0;
  if (order.fds.size() != expected) {
    return Malformed(
        "the number of descriptors differs from that of the tickets");
  }
  for (const UniqueFd& fd : order.fds) {
    if (!gofer::uds::CheckConnected(fd.get(), SocketType::kStream).ok()) {
      return Malformed("a descriptor is not a connected UNIX stream socket");
    }
  }
  return absl::OkStatus();
}

struct Ends {
  std::vector<UniqueFd> gofers;
  std::vector<UniqueFd> clients;
};

// Is called before the tickets are used up: a failure here does not cost them.
absl::StatusOr<Ends> MakeEnds(AttachOrder order) {
  Ends ends;
  if (order.request.op == attach_record::AttachOp::kGive) {
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

// Attaches one connection after the other, all or none: the first failure ends
// all of them. So a gofer that hangs costs one timeout, not one for each
// ticket.
class Attacher {
 public:
  Attacher(supervisor::Attachments& attachments,
           const gofer::uds::PeerCredentials& peer, const OrderBounds& bounds)
      : attachments_(attachments), peer_(peer), bounds_(bounds) {}

  absl::Status Attach(const tickets::AttachClaim& claim, UniqueFd gofer_end) {
    absl::Status attached = Check();
    if (attached.ok()) {
      attached = attachments_.Attach(claim, std::move(gofer_end), peer_);
    }
    if (attached.ok()) {
      attached_.push_back(claim);
      return attached;
    }
    attachments_.Abandon(claim, std::string(attached.message()));
    if (failure_.ok()) Fail(claim, attached);
    return attached;
  }

  // The first failure, if there was one.
  const absl::Status& failure() const { return failure_; }

 private:
  void Fail(const tickets::AttachClaim& claim, const absl::Status& why) {
    failure_ = why;
    const std::string text = absl::StrCat(
        names::FormatConnectionName(claim.server_id, claim.connection_id),
        " of the same order was not attached: ", why.message());
    for (const tickets::AttachClaim& other : attached_) {
      attachments_.TakeBack(other, text);
    }
    attached_.clear();
  }
  absl::Status Check() const {
    if (bounds_.is_stopping) return GoingDown();
    if (!failure_.ok()) {
      return errors::Error(errors::ReasonOf(failure_),
                           "another connection of the same order was not "
                           "attached");
    }
    if (std::chrono::steady_clock::now() < bounds_.deadline) {
      return absl::OkStatus();
    }
    return errors::Error(Reason::GOFER_UNREACHABLE,
                         "the gofers of this order took too long");
  }

  supervisor::Attachments& attachments_;
  const gofer::uds::PeerCredentials& peer_;
  const OrderBounds& bounds_;
  std::vector<tickets::AttachClaim> attached_;
  absl::Status failure_;
};

std::vector<int> Borrowed(const std::vector<UniqueFd>& fds) {
  std::vector<int> numbers;
  for (const UniqueFd& fd : fds) numbers.push_back(fd.get());
  return numbers;
}

}  // namespace

absl::Status GoingDown() {
  return errors::Error(Reason::SHUTTING_DOWN,
                       "goferd is going down: try again when it is back");
}

ErrnoOr<absl::StatusOr<attach_record::AttachRequest>> PeekRequest(int socket) {
  std::array<char, attach_record::kMaxRequestBytes + 1> bytes;
  const auto size = gofer::base::Syscall([&] {
    return ::recv(socket, bytes.data(), bytes.size(),
                  MSG_PEEK | MSG_DONTWAIT | MSG_TRUNC);
  });
  if (!size.ok()) return size.error();
  if (*size == 0) return Errno(ECONNRESET);
  const auto length = static_cast<size_t>(*size);
  if (length > attach_record::kMaxRequestBytes) {
    return absl::StatusOr<attach_record::AttachRequest>(
        Malformed("the request is too long"));
  }
  auto request =
      attach_record::DecodeRequest(absl::string_view(bytes.data(), length));
  if (!request) {
    return absl::StatusOr<attach_record::AttachRequest>(
        Malformed("the packet is no attach request of version 1"));
  }
  return absl::StatusOr<attach_record::AttachRequest>(*std::move(request));
}

absl::StatusOr<AttachOrder> ReceiveOrder(int socket,
                                         attach_record::AttachRequest request) {
  std::array<std::byte, attach_record::kMaxRequestBytes> bytes;
  const size_t most =
      request.op == attach_record::AttachOp::kGive ? request.tickets.size() : 0;
  auto message =
      gofer::uds::ReceiveWithFds(socket, bytes, most, MSG_DONTWAIT | MSG_TRUNC);
  if (!message.ok()) {
    return Malformed(message.error() == Errno(EMSGSIZE)
                         ? "not all descriptors could be taken"
                         : "the request could not be received again");
  }
  AttachOrder order{std::move(request), std::move(message->fds)};
  if (absl::Status checked = CheckFds(order); !checked.ok()) return checked;
  return order;
}

void Discard(int socket) {
  char byte;
  (void)!::recv(socket, &byte, 1, MSG_DONTWAIT);
}

supervisor::admin::AttachMode ModeOf(
    const attach_record::AttachRequest& request) {
  return request.op == attach_record::AttachOp::kGive
             ? admin::v1::ATTACH_MODE_GIVE
             : admin::v1::ATTACH_MODE_TAKE;
}

const char* WordOf(const attach_record::AttachRequest& request) {
  return request.op == attach_record::AttachOp::kGive ? "GIVE" : "TAKE";
}

absl::StatusOr<std::vector<UniqueFd>> CarryOut(
    AttachOrder order, const gofer::uds::PeerCredentials& peer,
    supervisor::Attachments& attachments, AttachAudit& audit,
    const OrderBounds& bounds) {
  const auto mode = ModeOf(order.request);
  const char* const word = WordOf(order.request);
  const std::vector<std::string> tickets = order.request.tickets;
  auto ends = MakeEnds(std::move(order));
  if (!ends.ok()) return ends.status();
  const auto claims = attachments.ClaimTickets(tickets, peer, mode);
  if (!claims.ok()) {
    audit.Refused(word, peer, claims.status());
    return claims.status();
  }
  Attacher attacher(attachments, peer, bounds);
  // The loop goes to the last claim whatever fails: a claim that nobody
  // attaches or abandons would stay pending for ever.
  for (size_t i = 0; i < claims->size(); ++i) {
    absl::Status attached =
        attacher.Attach((*claims)[i], std::move(ends->gofers[i]));
    audit.Used(word, peer, (*claims)[i], attached);
  }
  if (!attacher.failure().ok()) return attacher.failure();
  return std::move(ends->clients);
}

void Answer(int socket, const absl::StatusOr<std::vector<UniqueFd>>& result) {
  attach_record::AttachAnswer answer;
  std::vector<int> fds;
  if (result.ok()) {
    fds = Borrowed(*result);
    answer.fd_count = static_cast<uint16_t>(fds.size());
  } else {
    answer.status = static_cast<uint32_t>(result.status().code());
    answer.reason = static_cast<uint32_t>(errors::ReasonOf(result.status()));
    answer.text = std::string(result.status().message());
  }
  const std::string packet = attach_record::EncodeAnswer(answer);
  // A client that is gone loses its connections: our copies of their ends are
  // closed on return.
  (void)gofer::uds::SendWithFds(
      socket, std::as_bytes(std::span(packet.data(), packet.size())), fds,
      MSG_DONTWAIT);
}

}  // namespace goferd::handoff
