#include "server/comm/channel_communicator.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "server/wire/headers.h"

namespace gofer::comm {
namespace {

constexpr size_t kChannelHeaderBytes = sizeof(wire::ChannelHeader);
// A copy larger than this is given back with its response: only requests with
// thousands of names or FDs need it, and the thread may then wait for days.
constexpr size_t kKeptPrefixBytes = size_t{64} << 10;

}  // namespace

ChannelCommunicator::ChannelCommunicator(flipcall::PacketWindow window,
                                         base::UniqueFd fd_socket,
                                         uint32_t max_payload)
    : endpoint_(flipcall::Endpoint::Role::kServer, std::move(window)),
      fds_(std::move(fd_socket)),
      max_payload_(max_payload) {
  fds_.LimitQueue();
  fds_.RefuseAll();
}

ChannelCommunicator::~ChannelCommunicator() { Shutdown(); }

base::ErrnoOr<Request> ChannelCommunicator::Receive() {
  if (!connected_) {
    if (auto connected = endpoint_.Handshake(); !connected.ok()) {
      return connected.error();
    }
    connected_ = true;
  }
  const auto data_len = endpoint_.WaitForTurn();
  if (!data_len.ok()) return data_len.error();
  if (*data_len < kChannelHeaderBytes) {
    Shutdown();
    return base::Errno(EPROTO);
  }
  wire::ChannelHeader header;
  std::memcpy(&header, endpoint_.data().data(), kChannelHeaderBytes);
  payload_len_ = *data_len - static_cast<uint32_t>(kChannelHeaderBytes);
  return Request{.message = header.message,
                 .payload_len = payload_len_,
                 .too_long = payload_len_ > max_payload_};
}

base::ErrnoOr<std::span<const std::byte>> ChannelCommunicator::Prefix(
    size_t n) {
  n = std::min(n, size_t{payload_len_});
  if (n == 0) return std::span<const std::byte>();
  if (auto reserved = prefix_.Reserve(n, 0); !reserved.ok()) {
    return reserved.error();
  }
  std::memcpy(prefix_.data(), endpoint_.data().data() + kChannelHeaderBytes, n);
  return std::span<const std::byte>(prefix_.span(0, n));
}

std::span<const std::byte> ChannelCommunicator::Bulk(size_t offset) {
  return std::span<const std::byte>(endpoint_.data())
      .subspan(kChannelHeaderBytes, payload_len_)
      .subspan(offset);
}

base::ErrnoOr<std::span<std::byte>> ChannelCommunicator::Response(size_t n) {
  const auto room = endpoint_.data().subspan(kChannelHeaderBytes);
  if (n > room.size()) return base::Errno(EIO);
  return room.first(n);
}

base::ErrnoOr<void> ChannelCommunicator::Send(uint16_t message,
                                              size_t payload_len,
                                              std::span<const int> fds) {
  // Queued before the hand-over: the client takes them without waiting.
  const wire::ChannelHeader header{
      .message = message,
      .num_fds = static_cast<uint8_t>(fds_.Send(fds)),
      .padding = 0};
  std::memcpy(endpoint_.data().data(), &header, kChannelHeaderBytes);
  const auto sent = endpoint_.HandOver(
      static_cast<uint32_t>(kChannelHeaderBytes + payload_len));
  if (prefix_.capacity() > kKeptPrefixBytes) prefix_.Release();
  return sent;
}

void ChannelCommunicator::Shutdown() {
  endpoint_.Shutdown();
  fds_.Shutdown();
}

}  // namespace gofer::comm
