// GoferStarter: from a server's record to a gofer that serves.

#ifndef GOFERD_CONTROLPLANE_GOFERS_GOFER_STARTER_H_
#define GOFERD_CONTROLPLANE_GOFERS_GOFER_STARTER_H_

#include <memory>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "controlplane/gofers/host.h"
#include "controlplane/gofers/settings.h"
#include "controlplane/gofers/threads.h"
#include "controlplane/gofers/warm_gofers.h"
#include "controlplane/link/gofer_link.h"
#include "controlplane/model/model.h"
#include "controlplane/process/gofer_process.h"
#include "controlplane/worker/gofer_client.h"
#include "goferd/worker/v1/bootstrap.pb.h"

namespace goferd::gofers {

namespace admin = goferd::admin::v1;

// A gofer that was started and has answered.
struct StartedGofer {
  std::shared_ptr<process::GoferProcess> process;
  std::shared_ptr<link::GoferLink> link;
  worker::v1::BootstrapResult result;
};

// Starts processes, or takes those that wait; knows no model. Thread-safe;
// blocks, at most for the start timeout.
class GoferStarter {
 public:
  // All outlive it.
  GoferStarter(Threads& threads, const Settings& settings, Host& host,
               WarmGofers& warm)
      : threads_(threads), settings_(settings), host_(host), warm_(warm) {}

  // Gives a gofer a state directory of its own and makes it that of the server
  // which `bootstrap` describes. `fds` are borrowed: those of its tree. What
  // was left of a gofer before it is removed. A failure leaves no process.
  absl::StatusOr<StartedGofer> Start(const std::string& server_id,
                                     const worker::v1::Bootstrap& bootstrap,
                                     std::span<const int> fds,
                                     int64_t max_memory_bytes,
                                     worker::GoferClient::Callbacks callbacks);

 private:
  absl::StatusOr<std::shared_ptr<process::GoferProcess>> TakeOrSpawn(
      const std::string& server_id);
  absl::StatusOr<StartedGofer> Connect(
      const std::string& server_id,
      std::shared_ptr<process::GoferProcess> process,
      worker::GoferClient::Callbacks callbacks);
  absl::Status Bootstrap(const worker::v1::Bootstrap& bootstrap,
                         std::span<const int> fds, StartedGofer& gofer);

  Threads& threads_;
  const Settings& settings_;
  Host& host_;
  WarmGofers& warm_;
};

// What goferd is, for a gofer.
worker::v1::Party OwnParty();

// The message that starts the gofer of `server`.
worker::v1::Bootstrap MakeBootstrap(const Settings& settings, const Host& host,
                                    const model::ServerRecord& server);
worker::v1::ServerLimits ToWorker(const admin::ServerLimits& limits);

}  // namespace goferd::gofers

#endif  // GOFERD_CONTROLPLANE_GOFERS_GOFER_STARTER_H_
