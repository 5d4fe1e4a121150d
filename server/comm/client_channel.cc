#include "server/comm/client_channel.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "server/wire/headers.h"

namespace gofer::comm {
namespace {

constexpr size_t kWindowHeaderBytes = sizeof(wire::ChannelHeader);

void Append(std::span<const std::byte> bytes, std::span<std::byte>* room) {
  if (bytes.empty()) return;
  std::memcpy(room->data(), bytes.data(), bytes.size());
  *room = room->subspan(bytes.size());
}

}  // namespace

base::ErrnoOr<std::unique_ptr<ClientChannel>> ClientChannel::Open(
    int data_fd, uint64_t offset, uint64_t length, base::UniqueFd fd_socket) {
  auto window = flipcall::PacketWindow::MapSealed(data_fd, offset, length);
  if (!window.ok()) return window.error();
  return std::unique_ptr<ClientChannel>(
      new ClientChannel(*std::move(window), std::move(fd_socket)));
}

ClientChannel::ClientChannel(flipcall::PacketWindow window,
                             base::UniqueFd fd_socket)
    : endpoint_(flipcall::Endpoint::Role::kClient, std::move(window)),
      fds_(std::move(fd_socket)) {}

ClientChannel::~ClientChannel() { Shutdown(); }

base::ErrnoOr<void> ClientChannel::Connect() { return endpoint_.Handshake(); }

base::ErrnoOr<Response> ClientChannel::RoundTrip(
    uint16_t message, std::span<const std::byte> head,
    std::span<const std::byte> bulk, size_t fds_wanted) {
  std::span<std::byte> room = endpoint_.data();
  if (head.size() > room.size() - kWindowHeaderBytes ||
      bulk.size() > room.size() - kWindowHeaderBytes - head.size()) {
    return base::Errno(EMSGSIZE);
  }
  const wire::ChannelHeader header{
      .message = message, .num_fds = 0, .padding = 0};
  Append(std::as_bytes(std::span(&header, 1)), &room);
  Append(head, &room);
  Append(bulk, &room);
  const auto sent = endpoint_.HandOver(
      static_cast<uint32_t>(kWindowHeaderBytes + head.size() + bulk.size()));
  if (!sent.ok()) return sent.error();
  const auto data_len = endpoint_.WaitForTurn();
  if (!data_len.ok()) return data_len.error();
  return TakeResponse(*data_len, fds_wanted);
}

base::ErrnoOr<Response> ClientChannel::TakeResponse(uint32_t data_len,
                                                    size_t fds_wanted) {
  if (data_len < kWindowHeaderBytes) {
    Shutdown();
    return base::Errno(EPROTO);
  }
  wire::ChannelHeader header;
  std::memcpy(&header, endpoint_.data().data(), kWindowHeaderBytes);
  const size_t payload_len = data_len - kWindowHeaderBytes;
  if (auto reserved = payload_.Reserve(payload_len, 0); !reserved.ok()) {
    return reserved.error();
  }
  Response response;
  response.message = header.message;
  response.payload = payload_.span(0, payload_len);
  if (payload_len > 0) {
    std::memcpy(payload_.data(), endpoint_.data().data() + kWindowHeaderBytes,
                payload_len);
  }
  for (size_t i = 0; i < header.num_fds; ++i) {
    // Takes the FDs beyond fds_wanted too, or the next response would get them.
    auto fd = fds_.TryReceive();
    if (!fd.ok()) break;
    if (i < fds_wanted) response.fds.push_back(*std::move(fd));
  }
  return response;
}

void ClientChannel::Shutdown() {
  endpoint_.Shutdown();
  fds_.Shutdown();
}

}  // namespace gofer::comm
