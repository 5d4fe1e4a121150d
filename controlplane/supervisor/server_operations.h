// ServerOperations: servers made, changed and deleted.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_SERVER_OPERATIONS_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_SERVER_OPERATIONS_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "controlplane/gofers/gofer_launcher.h"
#include "controlplane/gofers/gofer_stopper.h"
#include "controlplane/gofers/host.h"
#include "controlplane/gofers/settings.h"
#include "controlplane/gofers/threads.h"
#include "controlplane/model/model.h"
#include "controlplane/model/server_state.h"
#include "controlplane/state/file_draft.h"
#include "controlplane/supervisor/servers.h"
#include "controlplane/tickets/ticket_table.h"
#include "goferd/admin/v1/server.pb.h"
#include "goferd/state/v1/state.pb.h"

namespace goferd::supervisor {

namespace admin = goferd::admin::v1;

// Blocks on gofers.
class ServerOperations final : public Servers {
 public:
  // All outlive it.
  ServerOperations(model::Model& model, tickets::TicketTable& tickets,
                   gofers::Threads& threads, const gofers::Settings& settings,
                   gofers::Host& host, gofers::GoferLauncher& launcher,
                   gofers::GoferStopper& stopper)
      : model_(model),
        tickets_(tickets),
        threads_(threads),
        settings_(settings),
        host_(host),
        launcher_(launcher),
        stopper_(stopper) {}

  absl::StatusOr<admin::Server> Create(
      absl::string_view id, const admin::Server& spec, Effect effect,
      const state::v1::RequestKey& request) override;
  absl::StatusOr<admin::Server> Get(absl::string_view id) const override;
  int64_t Visit(
      absl::string_view after,
      absl::FunctionRef<bool(const admin::Server&)> visit) const override;
  absl::StatusOr<admin::Server> Update(
      absl::string_view id, absl::string_view etag, Effect effect,
      Escapes escapes,
      absl::FunctionRef<absl::Status(admin::Server&)> change) override;
  absl::Status Delete(absl::string_view id, absl::string_view etag, Force force,
                      Effect effect) override;
  absl::StatusOr<admin::Server> SetDraining(absl::string_view id,
                                            absl::string_view etag,
                                            bool draining, Effect effect,
                                            Escapes escapes) override;

 private:
  // Takes the lock: the server is its caller's to change from then on. Errors:
  // SHUTTING_DOWN, those of Mutation::Begin.
  absl::StatusOr<model::Mutation> BeginMutation(absl::string_view id,
                                                absl::string_view etag);
  // The server that this very request has made, before goferd was started
  // again. Errors: REQUEST_ID_REUSED.
  absl::StatusOr<std::optional<admin::Server>> FindMade(
      const std::string& id, const state::v1::RequestKey& request) const;
  absl::Status CheckNew(const model::ModelLock& lock, const std::string& id,
                        const admin::Server& spec) const;
  admin::Server Complete(const std::string& id,
                         const admin::Server& spec) const;
  // Removes a server whose gofer did not start.
  void TakeBack(const model::ServerPtr& server);
  // Brings what changed to the gofer, or checks only that it could. Nothing has
  // changed in the gofer after an error, unless its answer was lost: then the
  // next link brings it in line. A gofer that does not serve now hears of it
  // later (MayKeep).
  absl::Status TellGofer(const model::ServerPtr& server,
                         const admin::Server& before,
                         const admin::Server& after, Effect effect);
  // Whether what is asked of the server now can be written down and told to its
  // gofer, or its next gofer, later: goferd has created it, and its gofer does
  // not answer or has died.
  static bool MayKeep(const model::ServerRecord& server);
  // What the next goferd is to know: on the disk before a change is made, and
  // in its place after it. Failures of the second step are logged.
  struct ChangeDraft {
    state::FileDraft file;
    // For the gofer.
    std::string daemon_data;
  };
  // `draining` nothing: as it is.
  absl::StatusOr<ChangeDraft> Draft(const model::ServerPtr& server,
                                    const admin::Server& after,
                                    std::optional<bool> draining,
                                    bool draining_untold = false);
  void Keep(const model::ServerPtr& server, ChangeDraft draft);
  // Puts what is told later in its place.
  static absl::Status KeepForLater(const model::ServerEntry& server,
                                   ChangeDraft draft);
  // Writes down whether a server drains whose gofer cannot be told now.
  absl::StatusOr<admin::Server> SetDrainingLater(const model::ServerPtr& server,
                                                 bool draining, Effect effect);
  // Replaces by defaults what a caller changed to nothing.
  void CompleteChange(const admin::Server& before, admin::Server& after) const;
  // On the disk before the gofer is told: the next goferd goes on with it.
  void NoteDeletion(const model::ServerPtr& server);
  // Writes down and tells the gofer whether the server drains; only the gofer's
  // refusal is an error.
  absl::Status TellDraining(const model::ServerPtr& server,
                            link::GoferLink& link, const admin::Server& present,
                            bool draining);
  // Ends the connections of a draining server that nobody has attached.
  void EndPending(const model::ModelLock& lock, model::ServerRecord& server);

  model::Model& model_;
  tickets::TicketTable& tickets_;
  gofers::Threads& threads_;
  const gofers::Settings& settings_;
  gofers::Host& host_;
  gofers::GoferLauncher& launcher_;
  gofers::GoferStopper& stopper_;
};

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_SERVER_OPERATIONS_H_
