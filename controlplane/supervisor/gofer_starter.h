// GoferStarter: from a server's record to a gofer that serves.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_GOFER_STARTER_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_GOFER_STARTER_H_

#include <memory>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "controlplane/supervisor/context.h"
#include "controlplane/supervisor/gofer_link.h"
#include "controlplane/supervisor/gofer_process.h"
#include "controlplane/worker/gofer_client.h"
#include "goferd/worker/v1/bootstrap.pb.h"

namespace goferd::supervisor {

// A gofer that was started and has answered.
struct StartedGofer {
  std::shared_ptr<GoferProcess> process;
  std::shared_ptr<GoferLink> link;
  worker::v1::BootstrapResult result;
};

// Starts processes; knows no model. Thread-safe; blocks, at most for the start
// timeout.
class GoferStarter {
 public:
  explicit GoferStarter(Context& context) : context_(context) {}

  // Starts a gofer with a state directory of its own and makes it that of the
  // server which `bootstrap` describes. `fds` are borrowed: those of its tree.
  // What was left of a gofer before it is removed. A failure leaves no process.
  absl::StatusOr<StartedGofer> Start(const std::string& server_id,
                                     const worker::v1::Bootstrap& bootstrap,
                                     std::span<const int> fds,
                                     int64_t max_memory_bytes,
                                     worker::GoferClient::Callbacks callbacks);

 private:
  absl::StatusOr<StartedGofer> Spawn(const std::string& server_id,
                                     int64_t max_memory_bytes,
                                     worker::GoferClient::Callbacks callbacks);

  Context& context_;
};

// What goferd is, for a gofer.
worker::v1::Party OwnParty();

// The message that starts the gofer of `server`.
worker::v1::Bootstrap MakeBootstrap(const Context& context,
                                    const ServerRecord& server);
worker::v1::ServerLimits ToWorker(const admin::ServerLimits& limits);

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_GOFER_STARTER_H_
