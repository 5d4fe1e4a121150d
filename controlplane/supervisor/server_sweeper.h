// ServerSweeper: lets servers go whose time is over, and says what keeps them.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_SERVER_SWEEPER_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_SERVER_SWEEPER_H_

#include <functional>
#include <set>
#include <string>

#include "absl/time/time.h"
#include "controlplane/gofers/settings.h"
#include "controlplane/gofers/threads.h"
#include "controlplane/link/fan_out.h"
#include "controlplane/model/model.h"
#include "controlplane/supervisor/servers.h"
#include "goferd/worker/v1/stats.pb.h"
#include "server/base/mutex.h"

namespace goferd::supervisor {

// Thread-safe. `servers` carries out what the sweeper decides.
class ServerSweeper {
 public:
  // All outlive it.
  ServerSweeper(model::Model& model, gofers::Threads& threads,
                const gofers::Settings& settings, Servers& servers)
      : model_(model),
        threads_(threads),
        settings_(settings),
        servers_(servers) {}

  // Drains servers whose time is over, deletes those that are empty then, and
  // forgets adopted ones that ended long ago. On the event loop's thread.
  void Sweep(absl::Time now);
  // Finds out what keeps the servers that should go. Blocks on gofers.
  void RefreshHolders();

 private:
  // Carries out `change` of a server on the pool, unless one is under way: a
  // gofer that hangs is asked once, and not again each second.
  void ChangeLater(const std::string& server_id, std::function<void()> change);
  void RefreshHoldersOf(const model::ServerPtr& server, link::GoferLink& link,
                        const link::FanOut& fan_out);
  void TakeOpenFiles(model::ServerEntry& server,
                     const worker::v1::ConnectionList& page);
  void DrainExpired(const std::string& server_id);
  void SetHolders(const model::ModelLock& lock, model::ServerRecord& server,
                  const worker::v1::InflightList& inflight);

  model::Model& model_;
  gofers::Threads& threads_;
  const gofers::Settings& settings_;
  Servers& servers_;
  gofer::base::Mutex mu_;
  // The servers whose change is posted or runs.
  std::set<std::string> changing_ ABSL_GUARDED_BY(mu_);
};

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_SERVER_SWEEPER_H_
