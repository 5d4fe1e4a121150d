#include "server/comm/client_socket.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <utility>

#include "server/base/syscall.h"
#include "server/uds/fd_message.h"
#include "server/wire/headers.h"
#include "server/wire/limits.h"

namespace gofer::comm {
namespace {

constexpr size_t kResponseHeaderBytes = sizeof(wire::SocketHeader);
constexpr size_t kInitialResponseBytes = 4096;

// Drops the first `bytes` of what `message` still has to send.
void Advance(msghdr* message, size_t bytes) {
  while (message->msg_iovlen > 0) {
    iovec& part = *message->msg_iov;
    const size_t step = std::min(bytes, part.iov_len);
    part.iov_base = static_cast<std::byte*>(part.iov_base) + step;
    part.iov_len -= step;
    bytes -= step;
    if (part.iov_len > 0) return;
    ++message->msg_iov;
    --message->msg_iovlen;
  }
}

iovec Part(std::span<const std::byte> bytes) {
  return {const_cast<std::byte*>(bytes.data()), bytes.size()};
}

}  // namespace

ClientSocket::ClientSocket(base::UniqueFd socket)
    : socket_(std::move(socket)) {}

ClientSocket::~ClientSocket() { Shutdown(); }

base::ErrnoOr<Response> ClientSocket::RoundTrip(uint16_t message,
                                                std::span<const std::byte> head,
                                                std::span<const std::byte> bulk,
                                                size_t fds_wanted) {
  if (head.size() > wire::kMaxMessageSize ||
      bulk.size() > wire::kMaxMessageSize - head.size()) {
    return base::Errno(EMSGSIZE);
  }
  if (auto sent = SendRequest(message, head, bulk); !sent.ok()) {
    return EndPathway(sent.error());
  }
  auto response = ReceiveResponse();
  if (!response.ok()) return EndPathway(response.error());
  if (response->fds.size() > fds_wanted) response->fds.resize(fds_wanted);
  return response;
}

void ClientSocket::Shutdown() {
  ended_.store(true, std::memory_order_release);
  ::shutdown(socket_.get(), SHUT_RDWR);
}

base::ErrnoOr<void> ClientSocket::SendRequest(uint16_t message,
                                              std::span<const std::byte> head,
                                              std::span<const std::byte> bulk) {
  const wire::SocketHeader header{
      .payload_len = static_cast<uint32_t>(head.size() + bulk.size()),
      .message = message,
      .padding = 0};
  iovec parts[] = {Part(std::as_bytes(std::span(&header, 1))), Part(head),
                   Part(bulk)};
  msghdr rest = {};
  rest.msg_iov = parts;
  rest.msg_iovlen = std::size(parts);
  while (rest.msg_iovlen > 0) {
    const auto sent = base::Syscall(
        [&] { return ::sendmsg(socket_.get(), &rest, MSG_NOSIGNAL); });
    if (!sent.ok()) return sent.error();
    Advance(&rest, static_cast<size_t>(*sent));
  }
  return {};
}

base::ErrnoOr<Response> ClientSocket::ReceiveResponse() {
  Response response;
  if (auto room = in_.Reserve(kInitialResponseBytes, 0); !room.ok()) {
    return room.error();
  }
  size_t got = 0;
  if (auto read = ReadUntil(kResponseHeaderBytes, &got, &response.fds);
      !read.ok()) {
    return read.error();
  }
  wire::SocketHeader header;
  std::memcpy(&header, in_.data(), kResponseHeaderBytes);
  if (header.payload_len > wire::kMaxMessageSize) return base::Errno(EPROTO);
  const size_t bytes = kResponseHeaderBytes + size_t{header.payload_len};
  if (auto room = in_.Reserve(bytes, got); !room.ok()) return room.error();
  if (auto read = ReadUntil(bytes, &got, &response.fds); !read.ok()) {
    return read.error();
  }
  // Nobody asked for more than one response.
  if (got > bytes) return base::Errno(EPROTO);
  response.message = header.message;
  response.payload = in_.span(kResponseHeaderBytes, header.payload_len);
  return response;
}

base::ErrnoOr<void> ClientSocket::ReadUntil(size_t wanted, size_t* got,
                                            std::vector<base::UniqueFd>* fds) {
  while (*got < wanted) {
    auto read = uds::ReceiveWithFds(socket_.get(),
                                    in_.span(*got, in_.capacity() - *got),
                                    uds::kMaxFdsPerMessage, 0);
    if (!read.ok()) return read.error();
    if (read->byte_count == 0) return base::Errno(ECONNRESET);
    *got += read->byte_count;
    if (fds->size() + read->fds.size() > uds::kMaxFdsPerMessage) {
      return base::Errno(EPROTO);
    }
    std::move(read->fds.begin(), read->fds.end(), std::back_inserter(*fds));
  }
  return {};
}

base::Errno ClientSocket::EndPathway(base::Errno error) {
  if (ended_.load(std::memory_order_acquire)) return base::Errno(ESHUTDOWN);
  // The rest of the frame would be taken for the next frame.
  Shutdown();
  return error == base::Errno(EPIPE) ? base::Errno(ECONNRESET) : error;
}

}  // namespace gofer::comm
