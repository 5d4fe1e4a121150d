#include "server/control/control_channel.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "server/base/clock.h"
#include "server/base/syscall.h"
#include "server/uds/fd_message.h"

namespace gofer::control {
namespace {

constexpr size_t kHeaderBytes = 8;
// Far below the kernel's usual room for a socket, so that it takes some.
constexpr size_t kPacketBytes = size_t{32} << 10;
constexpr size_t kBodyBytes = kPacketBytes - kHeaderBytes;

struct Header {
  uint32_t frame_bytes;
  uint32_t offset;
};

void PutNumber(uint32_t number, char* out) {
  for (int i = 0; i < 4; ++i) out[i] = static_cast<char>(number >> (8 * i));
}

uint32_t GetNumber(const char* in) {
  uint32_t number = 0;
  for (int i = 0; i < 4; ++i) {
    number |= uint32_t{static_cast<unsigned char>(in[i])} << (8 * i);
  }
  return number;
}

// Waits until `socket` has room or `deadline_ns` has passed.
base::ErrnoOr<void> AwaitRoom(int socket, uint64_t deadline_ns) {
  const uint64_t now = base::MonotonicNanos();
  if (now >= deadline_ns) return base::Errno(ETIMEDOUT);
  // Rounded up: a wait of 0 would spin.
  const uint64_t millis = (deadline_ns - now) / 1'000'000 + 1;
  pollfd entry = {.fd = socket, .events = POLLOUT, .revents = 0};
  const int wait = static_cast<int>(std::min<uint64_t>(millis, 60'000));
  return base::SyscallVoid([&] { return ::poll(&entry, 1, wait); });
}

base::ErrnoOr<void> SendPacket(int socket, std::span<const std::byte> packet,
                               std::span<const int> fds, uint64_t deadline_ns) {
  for (;;) {
    const auto sent = uds::SendWithFds(socket, packet, fds, MSG_DONTWAIT);
    if (sent.ok()) return {};
    if (sent.error() != base::Errno(EAGAIN)) return sent.error();
    const auto room = AwaitRoom(socket, deadline_ns);
    if (!room.ok()) return room;
  }
}

// EMSGSIZE when descriptors are beside the next packet, which stays.
base::ErrnoOr<void> CheckNoFds(int socket) {
  const auto peeked =
      uds::ReceiveWithFds(socket, {}, 0, MSG_DONTWAIT | MSG_PEEK);
  if (!peeked.ok()) return peeked.error();
  return {};
}

}  // namespace

ControlChannel::ControlChannel(base::UniqueFd socket, size_t max_received_fds)
    : socket_(std::move(socket)),
      max_received_fds_(max_received_fds),
      packet_(kPacketBytes) {
  const int flags = ::fcntl(socket_.get(), F_GETFL);
  if (flags >= 0) ::fcntl(socket_.get(), F_SETFL, flags | O_NONBLOCK);
}

base::ErrnoOr<void> ControlChannel::Send(absl::string_view bytes,
                                         std::span<const int> fds,
                                         uint64_t timeout_ns) {
  if (bytes.size() > kMaxFrameBytes || fds.size() > kMaxFrameFds) {
    return base::Errno(EMSGSIZE);
  }
  const uint64_t now = base::MonotonicNanos();
  const uint64_t deadline =
      timeout_ns > UINT64_MAX - now ? UINT64_MAX : now + timeout_ns;
  std::array<char, kPacketBytes> packet;
  size_t offset = 0;
  do {
    const size_t part = std::min(bytes.size() - offset, kBodyBytes);
    PutNumber(static_cast<uint32_t>(bytes.size()), packet.data());
    PutNumber(static_cast<uint32_t>(offset), packet.data() + 4);
    std::copy_n(bytes.data() + offset, part, packet.data() + kHeaderBytes);
    const auto sent =
        SendPacket(socket_.get(),
                   std::as_bytes(std::span(packet.data(), kHeaderBytes + part)),
                   offset == 0 ? fds : std::span<const int>(), deadline);
    if (!sent.ok()) return sent;
    offset += part;
  } while (offset < bytes.size());
  return {};
}

base::ErrnoOr<Frame> ControlChannel::Receive() {
  for (;;) {
    if (max_received_fds_ == 0) {
      const auto checked = CheckNoFds(socket_.get());
      if (!checked.ok()) return checked.error();
    }
    auto received = uds::ReceiveWithFds(
        socket_.get(), std::as_writable_bytes(std::span(packet_)),
        max_received_fds_, MSG_DONTWAIT | MSG_TRUNC);
    if (!received.ok()) return received.error();
    const size_t size = received->byte_count;
    if (size == 0) return base::Errno(ECONNRESET);
    if (size < kHeaderBytes || size > packet_.size()) {
      return base::Errno(EPROTO);
    }
    const Header header = {GetNumber(packet_.data()),
                           GetNumber(packet_.data() + 4)};
    const size_t part = size - kHeaderBytes;
    const bool is_first = partial_.bytes.empty();
    if (is_first) expected_ = header.frame_bytes;
    if (header.frame_bytes > kMaxFrameBytes ||
        header.frame_bytes != expected_ ||
        header.offset != partial_.bytes.size() ||
        part > expected_ - partial_.bytes.size() ||
        // A peer that sent a byte at a time would keep us here for a million
        // packets.
        (part < kBodyBytes && part < expected_ - partial_.bytes.size()) ||
        (!is_first && !received->fds.empty())) {
      return base::Errno(EPROTO);
    }
    if (is_first) partial_.fds = std::move(received->fds);
    partial_.bytes.append(packet_.data() + kHeaderBytes, part);
    if (partial_.bytes.size() == expected_) {
      return std::exchange(partial_, Frame());
    }
  }
}

void ControlChannel::Shutdown() { ::shutdown(socket_.get(), SHUT_RDWR); }

}  // namespace gofer::control
