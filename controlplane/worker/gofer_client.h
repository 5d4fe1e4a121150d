// GoferClient: goferd's end of one gofer's control socket.

#ifndef GOFERD_CONTROLPLANE_WORKER_GOFER_CLIENT_H_
#define GOFERD_CONTROLPLANE_WORKER_GOFER_CLIENT_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controlplane/event_loop/event_loop.h"
#include "goferd/worker/v1/frame.pb.h"
#include "server/base/mutex.h"
#include "server/base/unique_fd.h"
#include "server/control/control_channel.h"
#include "server/uds/peer_credentials.h"

namespace goferd::worker {

namespace wire = goferd::worker::v1;

// Asks one gofer and receives its events. Any number of threads may call at
// once; the loop's thread receives the answers. A gofer is not trusted: its
// messages are bounded, and a malformed message ends the connection to it.
class GoferClient {
 public:
  // This is more than all connections of a server make when they end at once.
  static constexpr double kEventBurst = 16384;
  static constexpr double kEventsPerSecond = 4096;

  // All are called on the loop's thread, in the order of arrival; `on_closed`
  // comes last, exactly once unless the client is destroyed first. After a
  // burst, events are received at a rate of kEventsPerSecond at most.
  struct Callbacks {
    std::function<void(const wire::Event&)> on_event;
    std::function<void(const absl::Status&)> on_closed;
    // Called with false soon after a call has run out of time, if no answer has
    // come since; always called with true at the next answer.
    std::function<void(bool)> on_answering = nullptr;
  };

  // Connects to the control socket at `path`, which may have 4095 bytes. Does
  // not block on the gofer. Errors: GOFER_UNREACHABLE.
  static absl::StatusOr<std::unique_ptr<GoferClient>> Connect(
      const std::string& path, event_loop::EventLoop& loop,
      Callbacks callbacks);
  // Uses a connected socket.
  GoferClient(gofer::base::UniqueFd socket, event_loop::EventLoop& loop,
              Callbacks callbacks);
  // Makes calls under way fail. No callback runs any more when it returns. Must
  // not run on the loop's thread: it waits for a callback that runs.
  ~GoferClient();
  GoferClient(const GoferClient&) = delete;
  GoferClient& operator=(const GoferClient&) = delete;

  // Whether no call has run out of time since the last answer. Calls may be
  // made all the same.
  bool answers() const;
  // Whether the connection to the gofer still exists, as far as is known.
  bool connected() const;
  // Makes calls fail, now and later; on_closed follows. Any thread may call it.
  void GiveUp();

  // The process at the other end, as the kernel names it.
  const gofer::uds::PeerCredentials& peer() const { return peer_; }

  // What it means when a call runs out of time: that the gofer is silent, or
  // nothing, if the caller had less time than a gofer may take.
  enum class OutOfTime { kIsSilence, kIsNothing };

  // Sends `request` (its id is filled in) with the borrowed `fds` and waits for
  // the answer, whose parts are joined. Must not run on the loop's thread,
  // which receives the answer. Errors: GOFER_UNREACHABLE when the gofer has not
  // answered in time or is gone. A Response with `failure` set is an answer:
  // see ToStatus.
  absl::StatusOr<wire::Response> Call(
      wire::ToGofer request, std::span<const int> fds, absl::Duration timeout,
      OutOfTime out_of_time = OutOfTime::kIsSilence);
  // Does what Call does, and turns a failure that the gofer reports into a
  // status.
  absl::StatusOr<wire::Response> Ask(
      wire::ToGofer request, std::span<const int> fds, absl::Duration timeout,
      OutOfTime out_of_time = OutOfTime::kIsSilence);

 private:
  class Core;
  std::shared_ptr<Core> core_;
  gofer::uds::PeerCredentials peer_;
};

// Translates a gofer's failure for a caller of the admin API. Failures that
// only a fault of goferd can cause are INTERNAL_FAULT.
absl::Status ToStatus(const wire::Failure& failure);

}  // namespace goferd::worker

#endif  // GOFERD_CONTROLPLANE_WORKER_GOFER_CLIENT_H_
