// ControlPeer: a goferd at the other end of the control socket.

#ifndef GOFER_SERVER_WORKER_CONTROL_PEER_H_
#define GOFER_SERVER_WORKER_CONTROL_PEER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "goferd/worker/v1/frame.pb.h"
#include "server/base/unique_fd.h"
#include "server/control/control_channel.h"

namespace gofer::worker {

// A request and the descriptors that came with it.
struct ControlRequest {
  goferd::worker::v1::ToGofer message;
  std::vector<base::UniqueFd> fds;
};

// Sends from a queue, so that a goferd that does not read keeps nobody waiting.
// When the queue is full the peer is broken, and goferd has to adopt the gofer
// again. Used by one thread.
class ControlPeer {
 public:
  static constexpr size_t kMostQueuedFrames = 8192;
  static constexpr size_t kMostQueuedBytes = size_t{32} << 20;

  explicit ControlPeer(base::UniqueFd socket) : channel_(std::move(socket)) {}

  int fd() const { return channel_.fd(); }
  // The events to poll for. A further request is read only when all answers are
  // sent, so that requests cannot pile up answers.
  short events() const;
  bool broken() const { return broken_; }

  void Queue(const goferd::worker::v1::FromGofer& message);
  // Sends as much as the socket takes now.
  void Flush();
  // Sends all there is, waiting at most `timeout_ns` for each frame.
  void FlushAll(uint64_t timeout_ns);

  // Returns the next request if it has come. Bytes that are no request break
  // the peer.
  std::optional<ControlRequest> Receive();

 private:
  void SendFirst(uint64_t timeout_ns);

  control::ControlChannel channel_;
  std::deque<std::string> queue_;
  size_t queued_bytes_ = 0;
  bool broken_ = false;
};

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_CONTROL_PEER_H_
