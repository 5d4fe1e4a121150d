#include "server/worker/control_peer.h"

#include <poll.h>

#include <cerrno>
#include <cstring>

#include "server/base/log.h"
#include "server/base/syscall.h"

namespace gofer::worker {
namespace {

// A long frame may find room for its first packets only.
constexpr uint64_t kFrameTimeoutNs = 200'000'000;

bool HasRoom(int socket) {
  pollfd entry = {.fd = socket, .events = POLLOUT, .revents = 0};
  return base::RetryOnEintr([&] { return ::poll(&entry, 1, 0); }) == 1;
}

}  // namespace

short ControlPeer::events() const { return queue_.empty() ? POLLIN : POLLOUT; }

void ControlPeer::Queue(const goferd::worker::v1::FromGofer& message) {
  if (broken_) return;
  queue_.push_back(message.SerializeAsString());
  queued_bytes_ += queue_.back().size();
  if (queue_.size() > kMostQueuedFrames || queued_bytes_ > kMostQueuedBytes) {
    base::Log().warn("goferd does not read: it has to adopt us again");
    broken_ = true;
  }
}

void ControlPeer::Flush() {
  while (!broken_ && !queue_.empty() && HasRoom(channel_.fd())) {
    SendFirst(kFrameTimeoutNs);
  }
}

void ControlPeer::FlushAll(uint64_t timeout_ns) {
  while (!broken_ && !queue_.empty()) SendFirst(timeout_ns);
}

void ControlPeer::SendFirst(uint64_t timeout_ns) {
  const auto sent = channel_.Send(queue_.front(), {}, timeout_ns);
  if (!sent.ok()) {
    base::Log().info("goferd is gone: {}",
                     std::strerror(sent.error().number()));
    broken_ = true;
  }
  queued_bytes_ -= queue_.front().size();
  queue_.pop_front();
}

std::optional<ControlRequest> ControlPeer::Receive() {
  if (broken_) return std::nullopt;
  auto frame = channel_.Receive();
  if (!frame.ok()) {
    if (frame.error() == base::Errno(EAGAIN)) return std::nullopt;
    base::Log().info("goferd is gone: {}",
                     std::strerror(frame.error().number()));
    broken_ = true;
    return std::nullopt;
  }
  ControlRequest request{.message = {}, .fds = std::move(frame->fds)};
  if (!request.message.ParseFromString(frame->bytes)) {
    base::Log().warn("goferd has sent what is no request");
    broken_ = true;
    return std::nullopt;
  }
  return request;
}

}  // namespace gofer::worker
