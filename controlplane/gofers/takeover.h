// Takeover: a gofer that lives already becomes its server's again.

#ifndef GOFERD_CONTROLPLANE_GOFERS_TAKEOVER_H_
#define GOFERD_CONTROLPLANE_GOFERS_TAKEOVER_H_

#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "controlplane/gofers/gofer_launcher.h"
#include "controlplane/gofers/gofer_watch.h"
#include "controlplane/gofers/host.h"
#include "controlplane/gofers/settings.h"
#include "controlplane/gofers/threads.h"
#include "controlplane/link/early_events.h"
#include "controlplane/link/gofer_link.h"
#include "controlplane/model/model.h"
#include "goferd/worker/v1/bootstrap.pb.h"

namespace goferd::gofers {

class GoferEvents;
class Reconnector;
class Restoration;

// Who started a gofer: a goferd, or somebody else, such as runsc.
enum class Origin { kCreated, kAdopted };

// A link to a gofer that has answered Adopt.
struct AdoptedLink {
  // Null when nobody took the call.
  std::shared_ptr<link::GoferLink> link;
  uint64_t link_generation = 0;
  // It has passed translate::CheckAdoptResult.
  worker::v1::AdoptResult result;
  std::shared_ptr<link::EarlyEvents> events =
      std::make_shared<link::EarlyEvents>();
};

// Thread-safe; blocks on the gofer.
class Takeover {
 public:
  // All outlive it.
  Takeover(model::Model& model, Threads& threads, const Settings& settings,
           Host& host, GoferWatch& watch, Restoration& restoration,
           GoferEvents& events, Reconnector& reconnector,
           MakeCallbacks make_callbacks);

  // Connects to the gofer's control socket and asks it to know this goferd. A
  // failure may leave a link in `adopted`: its gofer did not answer in time.
  absl::Status ConnectAndAdopt(const std::string& id, Origin origin,
                               AdoptedLink& adopted);

  // Makes a server that is STARTING or UNREACHABLE what its gofer says it is.
  absl::Status TakeOver(const model::ServerPtr& server, AdoptedLink& adopted);

  // Adds the ended connections that the gofer remembers, which TakeOver has
  // left out: nobody waits for them.
  void ImportEnded(const model::ServerPtr& server);

  // Makes the server what its gofer's silence, or refusal, says it is: FAILED
  // when it speaks another protocol, UNREACHABLE otherwise.
  void HandleFailedAdoption(const model::ServerPtr& server,
                            AdoptedLink& adopted, const absl::Status& why);

 private:
  // Asks for what Adopt's answer has left out.
  absl::Status ReadLists(const std::string& id, size_t max_live_connections,
                         AdoptedLink& adopted);
  // Uids of connections that the model thinks to be alive, and the gofer has
  // not told of.
  std::set<std::string> FindMissing(const std::string& id,
                                    const worker::v1::AdoptResult& result);
  bool MayTakeOver(const model::ModelLock& lock, const model::ServerPtr& server,
                   uint64_t generation) const;
  // The new link is the server's, and the connections are what the gofer says.
  // Returns what Restoration has still to end in the gofer.
  struct Begun;
  absl::StatusOr<Begun> Begin(const model::ServerPtr& server,
                              AdoptedLink& adopted);

  model::Model& model_;
  Threads& threads_;
  const Settings& settings_;
  Host& host_;
  GoferWatch& watch_;
  Restoration& restoration_;
  GoferEvents& events_;
  Reconnector& reconnector_;
  const MakeCallbacks make_callbacks_;
};

// Whether a gofer refused Adopt because it speaks none of our versions.
bool IsIncompatible(const absl::Status& status);

}  // namespace goferd::gofers

#endif  // GOFERD_CONTROLPLANE_GOFERS_TAKEOVER_H_
