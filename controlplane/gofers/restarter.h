// Restarter: new gofers for dead ones, as the restart policy says.

#ifndef GOFERD_CONTROLPLANE_GOFERS_RESTARTER_H_
#define GOFERD_CONTROLPLANE_GOFERS_RESTARTER_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "controlplane/gofers/host.h"
#include "controlplane/gofers/settings.h"
#include "controlplane/gofers/threads.h"
#include "controlplane/model/model.h"
#include "controlplane/model/server_state.h"

namespace goferd::gofers {

class GoferLauncher;

// Thread-safe.
class Restarter {
 public:
  // All outlive it.
  Restarter(model::Model& model, Threads& threads, const Settings& settings,
            Host& host, GoferLauncher& launcher)
      : model_(model),
        threads_(threads),
        settings_(settings),
        host_(host),
        launcher_(launcher) {}

  // Starts a new gofer for a server that is FAILED, if its policy wants that:
  // on a thread of the pool, after a pause that doubles with each failure. One
  // whose overrides cannot be read waits until they can, or are gone.
  void RestartLater(const model::ModelLock& lock, model::ServerRecord& server);

 private:
  // Whether the overrides are known: reads those that could not be read again.
  bool HasOverrides(const std::string& server_id);
  void Restart(const std::string& server_id);
  // Marks the server as STARTING. Nothing when it needs no new gofer, or
  // somebody else has its Mutation: then another try follows.
  std::optional<model::Mutation> BeginRestart(const std::string& server_id);
  absl::Status LaunchAgain(const model::ServerPtr& server);

  model::Model& model_;
  Threads& threads_;
  const Settings& settings_;
  Host& host_;
  GoferLauncher& launcher_;
};

}  // namespace goferd::gofers

#endif  // GOFERD_CONTROLPLANE_GOFERS_RESTARTER_H_
