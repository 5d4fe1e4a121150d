// AcceptThread: accepts the callers at UNIX sockets.

#ifndef GOFERD_CONTROLPLANE_DAEMON_ACCEPT_THREAD_H_
#define GOFERD_CONTROLPLANE_DAEMON_ACCEPT_THREAD_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "controlplane/daemon/peer_acceptors.h"
#include "controlplane/daemon/uds_listener.h"
#include "server/base/thread.h"
#include "server/base/unique_fd.h"

namespace goferd::daemon {

// One thread for all listeners. Owns them.
class AcceptThread {
 public:
  // `acceptors` outlives the thread; their server runs.
  static absl::StatusOr<std::unique_ptr<AcceptThread>> Start(
      std::vector<UdsListener> listeners, PeerAcceptors& acceptors);
  // Accepts nobody more; sockets and their names go.
  ~AcceptThread();
  AcceptThread(const AcceptThread&) = delete;
  AcceptThread& operator=(const AcceptThread&) = delete;

 private:
  AcceptThread(std::vector<UdsListener> listeners, PeerAcceptors& acceptors)
      : listeners_(std::move(listeners)), acceptors_(acceptors) {}
  void Run();
  // False when there is no room for another descriptor.
  bool AcceptOne(int listener);

  const std::vector<UdsListener> listeners_;
  PeerAcceptors& acceptors_;
  gofer::base::UniqueFd stop_;
  gofer::base::Thread thread_;
};

}  // namespace goferd::daemon

#endif  // GOFERD_CONTROLPLANE_DAEMON_ACCEPT_THREAD_H_
