// AcceptThread: accepts the callers at sockets that gRPC does not listen at.

#ifndef GOFERD_CONTROLPLANE_DAEMON_ACCEPT_THREAD_H_
#define GOFERD_CONTROLPLANE_DAEMON_ACCEPT_THREAD_H_

#include <grpcpp/server_builder.h>

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "controlplane/daemon/peer_acceptors.h"
#include "controlplane/daemon/uds_listener.h"
#include "server/base/thread.h"
#include "server/base/unique_fd.h"

namespace goferd::daemon {

// A TCP port that the service manager listens at, and who takes its callers.
struct PassedPort {
  gofer::base::UniqueFd socket;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor;
};

// Owns all listeners and accepts at them on one thread.
class AcceptThread {
 public:
  // `acceptors` outlives the thread; their server must run already, since it
  // closes sockets that it is given before.
  static absl::StatusOr<std::unique_ptr<AcceptThread>> Start(
      std::vector<UdsListener> listeners, PeerAcceptors& acceptors,
      std::vector<PassedPort> ports);
  // Accepts nobody more; the sockets and their names are removed.
  ~AcceptThread();
  AcceptThread(const AcceptThread&) = delete;
  AcceptThread& operator=(const AcceptThread&) = delete;

 private:
  AcceptThread(std::vector<UdsListener> listeners, PeerAcceptors& acceptors,
               std::vector<PassedPort> ports)
      : listeners_(std::move(listeners)),
        acceptors_(acceptors),
        ports_(std::move(ports)) {}
  void Run();
  // Returns false when the process has no room for another descriptor.
  bool AcceptPeer(const UdsListener& listener);
  static bool AcceptAt(const PassedPort& port);

  const std::vector<UdsListener> listeners_;
  PeerAcceptors& acceptors_;
  const std::vector<PassedPort> ports_;
  gofer::base::UniqueFd stop_;
  gofer::base::Thread thread_;
};

}  // namespace goferd::daemon

#endif  // GOFERD_CONTROLPLANE_DAEMON_ACCEPT_THREAD_H_
