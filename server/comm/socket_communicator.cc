#include "server/comm/socket_communicator.h"

#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "server/base/brief_closes.h"
#include "server/base/check.h"
#include "server/base/syscall.h"
#include "server/uds/fd_message.h"
#include "server/wire/headers.h"

namespace gofer::comm {
namespace {

static_assert(SocketCommunicator::kMaxFds == uds::kMaxFdsPerMessage);

constexpr size_t kHeaderBytes = sizeof(wire::SocketHeader);
// The buffer of a connection that only sees small messages. One read takes the
// requests that the client has queued, up to the buffer's size.
constexpr size_t kInitialBytes = 4096;
// Buffers above this are given back when nothing has come for a while. Below,
// they are not worth the extra poll(2).
constexpr size_t kKeptBytes = size_t{64} << 10;
// Too-long requests are read in pieces of this size.
constexpr size_t kDrainBytes = size_t{16} << 10;
// Unread responses, as the kernel counts them (a small response is some 700
// bytes), beyond which a client gets no descriptors.
constexpr int kMaxUnreadBytes = 4096;

// The steps in which a client must take something of a response once its
// connection is to close, or once it sends more.
constexpr int kRoomSteps = 5;

base::ErrnoOr<size_t> ReceiveBytes(int socket, std::span<std::byte> into,
                                   int flags) {
  const auto received = base::Syscall(
      [&] { return ::recv(socket, into.data(), into.size(), flags); });
  if (!received.ok()) return received.error();
  return static_cast<size_t>(*received);
}

// Blocks until `socket` is ready for `events` or has failed; returns whether
// that came within `timeout_ms` (-1: no limit).
bool WaitUntilReady(int socket, short events, int timeout_ms) {
  pollfd entry = {.fd = socket, .events = events, .revents = 0};
  return base::RetryOnEintr([&] { return ::poll(&entry, 1, timeout_ms); }) != 0;
}

}  // namespace

SocketCommunicator::SocketCommunicator(base::UniqueFd socket,
                                       uint32_t max_payload, int idle_millis,
                                       flipcall::WaitEnvironment& environment,
                                       int room_step_millis)
    : socket_(std::move(socket)),
      max_payload_(max_payload),
      idle_millis_(idle_millis),
      room_step_millis_(room_step_millis),
      refuses_fds_(uds::RefuseFds(socket_.get())),
      waiter_(environment) {}

SocketCommunicator::~SocketCommunicator() {
  Shutdown();
  // The client may have queued descriptors whose close lingers.
  const base::BriefCloses brief;
  socket_.reset();
}

base::ErrnoOr<Request> SocketCommunicator::Receive() {
  ConsumeRequest();
  if (auto filled = Fill(kHeaderBytes); !filled.ok()) return filled.error();
  wire::SocketHeader header;
  std::memcpy(&header, in_.data() + begin_, kHeaderBytes);
  Request request{.message = header.message, .payload_len = header.payload_len};
  if (header.payload_len > max_payload_) {
    if (header.payload_len > kMaxDrainedBytes) return base::Errno(EPROTO);
    request.too_long = true;
    const auto drained = Drain(kHeaderBytes + size_t{header.payload_len});
    if (!drained.ok()) return drained.error();
    return request;
  }
  const size_t bytes = kHeaderBytes + size_t{header.payload_len};
  if (auto filled = Fill(bytes); !filled.ok()) return filled.error();
  request_bytes_ = bytes;
  return request;
}

base::ErrnoOr<std::span<const std::byte>> SocketCommunicator::Prefix(size_t n) {
  return Bulk(0).first(std::min(n, Bulk(0).size()));
}

std::span<const std::byte> SocketCommunicator::Bulk(size_t offset) {
  // A drained request has no bytes.
  if (request_bytes_ == 0) return {};
  return in_.span(begin_, request_bytes_).subspan(kHeaderBytes + offset);
}

base::ErrnoOr<std::span<std::byte>> SocketCommunicator::Response(size_t n) {
  const auto reserved = out_.Reserve(kHeaderBytes + n, 0);
  if (!reserved.ok()) return reserved.error();
  return out_.span(kHeaderBytes, n);
}

base::ErrnoOr<void> SocketCommunicator::Send(uint16_t message,
                                             size_t payload_len,
                                             std::span<const int> fds) {
  const wire::SocketHeader header{
      .payload_len = static_cast<uint32_t>(payload_len),
      .message = message,
      .padding = 0};
  const auto reserved = out_.Reserve(kHeaderBytes + payload_len, 0);
  if (!reserved.ok()) return reserved.error();
  std::memcpy(out_.data(), &header, kHeaderBytes);
  if (fds.size() > kMaxFds || (!fds.empty() && !ClientKeepsUp())) fds = {};
  auto rest =
      std::span<const std::byte>(out_.span(0, kHeaderBytes + payload_len));
  Patience patience;
  while (!rest.empty()) {
    const auto sent = uds::SendWithFds(socket_.get(), rest, fds, MSG_DONTWAIT);
    if (sent.ok()) {
      // The client got the descriptors with the first byte.
      fds = {};
      rest = rest.subspan(*sent);
      continue;
    }
    if (ended_.load(std::memory_order_acquire)) return base::Errno(ESHUTDOWN);
    if (sent.error() == base::Errno(ETOOMANYREFS) && !fds.empty()) {
      fds = {};
      continue;
    }
    if (sent.error() == base::Errno(EPIPE)) return base::Errno(ECONNRESET);
    if (sent.error() != base::Errno(EAGAIN)) return sent.error();
    if (auto room = WaitForRoom(patience); !room.ok()) return room.error();
  }
  return {};
}

base::ErrnoOr<void> SocketCommunicator::WaitForRoom(Patience& patience) {
  while (!WaitUntilReady(socket_.get(), POLLOUT, room_step_millis_)) {
    if (ended_.load(std::memory_order_acquire)) return base::Errno(ESHUTDOWN);
    if (receive_ended()) {
      if (++patience.steps_closing >= kRoomSteps) return base::Errno(ESHUTDOWN);
      continue;
    }
    const int unread = UnreadBytes();
    patience.steps_idle =
        unread < patience.unread ? 0 : patience.steps_idle + 1;
    patience.unread = unread;
    // A client that waits for its response, however long, sends nothing
    // meanwhile. What it has queued here may be the last descriptor of its own
    // end, and it may be gone.
    if (patience.steps_idle >= kRoomSteps &&
        WaitUntilReady(socket_.get(), POLLIN, 0)) {
      return base::Errno(EPROTO);
    }
  }
  return {};
}

int SocketCommunicator::UnreadBytes() const {
  int unread = 0;
  return ::ioctl(socket_.get(), SIOCOUTQ, &unread) == 0 ? unread : 0;
}

void SocketCommunicator::Shutdown() {
  receive_ended_.store(true, std::memory_order_release);
  ended_.store(true, std::memory_order_release);
  ::shutdown(socket_.get(), SHUT_RDWR);
}

void SocketCommunicator::ShutdownReceive() {
  receive_ended_.store(true, std::memory_order_release);
  ::shutdown(socket_.get(), SHUT_RD);
}

void SocketCommunicator::ConsumeRequest() {
  begin_ += request_bytes_;
  request_bytes_ = 0;
  if (begin_ == end_) begin_ = end_ = 0;
}

base::ErrnoOr<void> SocketCommunicator::Fill(size_t wanted) {
  if (receive_ended()) return base::Errno(ESHUTDOWN);
  if (end_ - begin_ >= wanted) return {};
  if (in_.capacity() - begin_ < wanted) {
    // Moves the beginning of this request, not whole requests behind it.
    if (begin_ > 0) {
      std::memmove(in_.data(), in_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    const auto reserved = in_.Reserve(std::max(wanted, kInitialBytes), end_);
    if (!reserved.ok()) return reserved.error();
  }
  while (end_ - begin_ < wanted) {
    const auto read = end_ == 0
                          ? ReadFirst()
                          : ReadSome(in_.span(end_, in_.capacity() - end_));
    if (!read.ok()) return read.error();
    end_ += *read;
  }
  return {};
}

base::ErrnoOr<void> SocketCommunicator::Drain(size_t bytes) {
  const size_t buffered = std::min(bytes, end_ - begin_);
  begin_ += buffered;
  if (begin_ == end_) begin_ = end_ = 0;
  bytes -= buffered;
  if (bytes == 0) return {};
  // Nothing is buffered any more, so the buffer may take the bytes to drop.
  const auto reserved = in_.Reserve(kDrainBytes, 0);
  if (!reserved.ok()) return reserved.error();
  while (bytes > 0) {
    const auto read = ReadSome(in_.span(0, std::min(bytes, in_.capacity())));
    if (!read.ok()) return read.error();
    bytes -= *read;
  }
  return {};
}

// The next request, as a Waiter awaits it.
class SocketCommunicator::AwaitedRequest {
 public:
  explicit AwaitedRequest(SocketCommunicator& socket) : socket_(socket) {}

  bool Look() {
    read_ = socket_.ReadOnce(socket_.in_.span(0, socket_.in_.capacity()),
                             MSG_DONTWAIT);
    return read_.ok() || read_.error() != base::Errno(EAGAIN);
  }

  base::ErrnoOr<bool> Park() {
    const auto kept = socket_.ReleaseWhenIdle();
    if (!kept.ok()) return kept.error();
    read_ = socket_.ReadSome(socket_.in_.span(0, socket_.in_.capacity()));
    return true;
  }

  // What ended the wait.
  const base::ErrnoOr<size_t>& read() const { return read_; }

 private:
  SocketCommunicator& socket_;
  base::ErrnoOr<size_t> read_ = base::Errno(EAGAIN);
};

base::ErrnoOr<size_t> SocketCommunicator::ReadFirst() {
  AwaitedRequest awaited(*this);
  if (auto waited = waiter_.Wait(awaited); !waited.ok()) return waited.error();
  return awaited.read();
}

base::ErrnoOr<size_t> SocketCommunicator::ReadSome(std::span<std::byte> into) {
  for (;;) {
    const auto read = ReadOnce(into, 0);
    if (read.ok() || read.error() != base::Errno(EAGAIN)) return read;
    (void)WaitUntilReady(socket_.get(), POLLIN, -1);
  }
}

base::ErrnoOr<size_t> SocketCommunicator::ReadOnce(std::span<std::byte> into,
                                                   int flags) {
  GOFER_CHECK(!into.empty());
  const auto read = refuses_fds_
                        ? ReceiveBytes(socket_.get(), into, flags)
                        : uds::ReceiveWithoutFds(socket_.get(), into, flags);
  if (receive_ended()) return base::Errno(ESHUTDOWN);
  if (!read.ok()) return read.error();
  if (*read == 0) return base::Errno(ECONNRESET);
  return *read;
}

base::ErrnoOr<void> SocketCommunicator::ReleaseWhenIdle() {
  if (in_.capacity() <= kKeptBytes && out_.capacity() <= kKeptBytes) return {};
  if (WaitUntilReady(socket_.get(), POLLIN, idle_millis_)) return {};
  in_.Release();
  out_.Release();
  return in_.Reserve(kInitialBytes, 0);
}

bool SocketCommunicator::ClientKeepsUp() const {
  return UnreadBytes() <= kMaxUnreadBytes;
}

}  // namespace gofer::comm
