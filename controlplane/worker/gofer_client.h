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

// Asks one gofer and hears of its events. Any number of threads may call at
// once; the answers are taken in by the loop's thread. A gofer is not trusted:
// what it sends is bounded, and what makes no sense ends the connection to it.
class GoferClient {
 public:
  // More than all connections of a server make when they end at once.
  static constexpr double kEventBurst = 16384;
  static constexpr double kEventsPerSecond = 4096;

  // Both are called on the loop's thread, in the order of arrival; `on_closed`
  // last, exactly once unless the client is destroyed first. A gofer that tells
  // of too much is heard later: kEventsPerSecond, after a burst.
  struct Callbacks {
    std::function<void(const wire::Event&)> on_event;
    std::function<void(const absl::Status&)> on_closed;
    // False soon after a call has run out of time, if there was no answer
    // since; true at the next answer, always.
    std::function<void(bool)> on_answering = nullptr;
  };

  // Connects to the control socket at `path` (up to 4095 bytes: resolved by way
  // of its directory). Does not block on the gofer. Errors: GOFER_UNREACHABLE.
  static absl::StatusOr<std::unique_ptr<GoferClient>> Connect(
      const std::string& path, event_loop::EventLoop& loop,
      Callbacks callbacks);
  // On a connected socket.
  GoferClient(gofer::base::UniqueFd socket, event_loop::EventLoop& loop,
              Callbacks callbacks);
  // Calls under way fail. No callback runs any more when it returns. Not on the
  // loop's thread.
  ~GoferClient();
  GoferClient(const GoferClient&) = delete;
  GoferClient& operator=(const GoferClient&) = delete;

  // Whether no call has run out of time since the last answer. Calls may be
  // made all the same.
  bool answers() const;
  // Whether the gofer is at the other end still, as far as is known.
  bool connected() const;
  // Calls under way fail, and later ones; on_closed follows. Any thread.
  void GiveUp();

  // The process that listens at the other end, as the kernel says it.
  const gofer::uds::PeerCredentials& peer() const { return peer_; }

  // What it means that a call runs out of time: that the gofer is silent, or,
  // where the caller had less time than a gofer may take, nothing.
  enum class OutOfTime { kIsSilence, kIsNothing };

  // Sends `request` (its id is filled in) with the borrowed `fds` and waits for
  // the answer, whose parts are joined. Not on the loop's thread. Errors:
  // GOFER_UNREACHABLE when the gofer has not answered in time or is gone. A
  // Response with `failure` set is an answer: see ToStatus.
  absl::StatusOr<wire::Response> Call(
      wire::ToGofer request, std::span<const int> fds, absl::Duration timeout,
      OutOfTime out_of_time = OutOfTime::kIsSilence);
  // As Call, and a failure of the gofer's becomes a status.
  absl::StatusOr<wire::Response> Ask(
      wire::ToGofer request, std::span<const int> fds, absl::Duration timeout,
      OutOfTime out_of_time = OutOfTime::kIsSilence);

 private:
  class Core;
  std::shared_ptr<Core> core_;
  gofer::uds::PeerCredentials peer_;
};

// What a gofer's failure means to a caller of the admin API. Failures that only
// a fault of goferd can cause are INTERNAL_FAULT.
absl::Status ToStatus(const wire::Failure& failure);

}  // namespace goferd::worker

#endif  // GOFERD_CONTROLPLANE_WORKER_GOFER_CLIENT_H_
