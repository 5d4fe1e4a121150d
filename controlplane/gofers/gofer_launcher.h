// GoferLauncher: a new gofer for a server.

#ifndef GOFERD_CONTROLPLANE_GOFERS_GOFER_LAUNCHER_H_
#define GOFERD_CONTROLPLANE_GOFERS_GOFER_LAUNCHER_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "controlplane/gofers/gofer_starter.h"
#include "controlplane/gofers/gofer_watch.h"
#include "controlplane/gofers/host.h"
#include "controlplane/gofers/settings.h"
#include "controlplane/model/model.h"
#include "controlplane/tree/served_tree.h"
#include "controlplane/worker/gofer_client.h"

namespace goferd::gofers {

// What a link to a gofer calls, by server and the link's generation.
using MakeCallbacks = std::function<worker::GoferClient::Callbacks(
    const std::string& server_id, uint64_t link_generation)>;

// Thread-safe; blocks, at most for the start timeout.
class GoferLauncher {
 public:
  // All outlive it.
  GoferLauncher(model::Model& model, const Settings& settings, Host& host,
                GoferStarter& starter, GoferWatch& watch,
                MakeCallbacks make_callbacks);

  // Starts the gofer of a server that is STARTING, lays its overrides over it
  // and makes it ACTIVE, or DRAINING. The caller has the server's Mutation: two
  // launches at once would leave a gofer that nobody knows. A failure leaves no
  // process.
  absl::Status Launch(const model::ServerPtr& server,
                      const tree::ServedTree& tree);

  // Brings what a gofer says of itself into the record; `result` was cleaned.
  static void RecordBootstrapResult(const model::ModelLock& lock,
                                    const process::GoferProcess& process,
                                    const worker::v1::BootstrapResult& result,
                                    model::ServerRecord& server);

 private:
  absl::Status LayOverrides(const model::ServerPtr& server,
                            link::GoferLink& link);
  absl::Status Install(
      const model::ServerPtr& server, uint64_t generation,
      StartedGofer& started,
      const std::function<void(const absl::Status&)>& on_closed);
  void DropFaults(const model::ModelLock& lock, model::ServerRecord& server);

  model::Model& model_;
  const Settings& settings_;
  Host& host_;
  GoferStarter& starter_;
  GoferWatch& watch_;
  const MakeCallbacks make_callbacks_;
};

}  // namespace goferd::gofers

#endif  // GOFERD_CONTROLPLANE_GOFERS_GOFER_LAUNCHER_H_
