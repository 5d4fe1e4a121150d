// Adopter: the gofers that live already when goferd comes, and those that
// others start while it runs.

#ifndef GOFERD_CONTROLPLANE_GOFERS_ADOPTER_H_
#define GOFERD_CONTROLPLANE_GOFERS_ADOPTER_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controlplane/gofers/gofer_watch.h"
#include "controlplane/gofers/host.h"
#include "controlplane/gofers/settings.h"
#include "controlplane/gofers/takeover.h"
#include "controlplane/gofers/threads.h"
#include "controlplane/model/model.h"
#include "goferd/state/v1/state.pb.h"

namespace goferd::gofers {

class GoferStopper;
class Restarter;

// An id is claimed in the model (Model::BeginAdoption) for as long as its gofer
// is being adopted. Thread-safe.
class Adopter {
 public:
  // All outlive it.
  Adopter(model::Model& model, Threads& threads, const Settings& settings,
          Host& host, GoferWatch& watch, Takeover& takeover,
          Restarter& restarter, GoferStopper& stopper)
      : model_(model),
        threads_(threads),
        settings_(settings),
        host_(host),
        watch_(watch),
        takeover_(takeover),
        restarter_(restarter),
        stopper_(stopper) {}

  // Adopts what lives in the state directory. Waits for that, at most for
  // `patience`; gofers that take longer are adopted meanwhile. The servers are
  // in the model from the beginning.
  void AdoptAll(absl::Duration patience);

  // Ends a gofer of which only its socket is known, if one listens in
  // servers/ID, with its connections. Blocks on the gofer.
  void EndLeftover(const std::string& id);

  // Adopts the gofers that others have started since.
  void AdoptNew();
  // Adopts the gofer adopted/ID, unless somebody does already.
  void AdoptNew(const model::ModelLock& lock, const std::string& id);

 private:
  // A server whose file cannot be read, as `why` says.
  model::ServerPtr MakeDamagedServer(const std::string& id,
                                     const absl::Status& why) const;
  // Claims servers/ID, and adds the server as an earlier goferd wrote it down.
  void ClaimCreated(const std::string& id);
  // False when the id is claimed, or is a server's.
  bool Claim(const std::string& id);
  void EndAdoption(const std::string& id);
  void AdoptCreated(const std::string& id);
  void AdoptFound(const std::string& id, int attempt);
  absl::Status TryAdoptFound(const std::string& id);
  // Shows a container whose gofer could not start as a FAILED server, which is
  // kept as long as an ended one and does not outlive goferd. At most 64 are
  // shown at once.
  void AddFailedStart(const std::string& id, const std::string& why);
  size_t CountFailedStarts(const model::ModelLock& lock) const;
  // A server for a gofer that others started, in the place of one that has
  // ended.
  absl::StatusOr<model::ServerPtr> MakeAdoptedServer(
      const std::string& id, const AdoptedLink& adopted);
  // Kills a gofer that waits for its Bootstrap: nobody is told of it.
  void EndUnused(const std::string& id, const model::ServerPtr& server,
                 process::GoferProcess& process);
  // Ends a server whose deletion an earlier goferd has begun.
  void FinishDeletion(const std::string& id);
  // Writes down anew who the gofer is, if that was lost.
  void RepairPid(const std::string& id, const process::GoferProcess& process);
  // Settles a server whose gofer died while there was no goferd.
  void CleanUpDeadGofer(const std::string& id);
  void ShowDeath(const model::ModelLock& lock, model::ServerRecord& server,
                 const state::v1::GoferDeath& death);

  model::Model& model_;
  Threads& threads_;
  const Settings& settings_;
  Host& host_;
  GoferWatch& watch_;
  Takeover& takeover_;
  Restarter& restarter_;
  GoferStopper& stopper_;
};

}  // namespace goferd::gofers

#endif  // GOFERD_CONTROLPLANE_GOFERS_ADOPTER_H_
