// ServerOperations: servers made, changed and deleted.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_SERVER_OPERATIONS_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_SERVER_OPERATIONS_H_

#include <string>

#include "absl/status/statusor.h"
#include "controlplane/gofers/context.h"
#include "controlplane/gofers/lifecycle.h"
#include "controlplane/state/file_draft.h"
#include "controlplane/supervisor/supervisor.h"
#include "goferd/worker/v1/stats.pb.h"

namespace goferd::supervisor {

namespace admin = goferd::admin::v1;

// The server methods of Supervisor; see there. Thread-safe; blocks on gofers.
class ServerOperations {
 public:
  ServerOperations(gofers::Context& context, gofers::Lifecycle& lifecycle)
      : context_(context), lifecycle_(lifecycle) {}

  absl::StatusOr<admin::Server> Create(absl::string_view id,
                                       const admin::Server& spec,
                                       Effect effect);
  absl::StatusOr<admin::Server> Get(absl::string_view id) const;
  int64_t Visit(absl::string_view after,
                absl::FunctionRef<bool(const admin::Server&)> visit) const;
  absl::StatusOr<admin::Server> Update(
      absl::string_view id, absl::string_view etag, Effect effect,
      absl::FunctionRef<absl::Status(admin::Server&)> change);
  absl::Status Delete(absl::string_view id, absl::string_view etag,
                      Supervisor::Force force, Effect effect);
  absl::StatusOr<admin::Server> SetDraining(absl::string_view id,
                                            absl::string_view etag,
                                            bool draining, Effect effect);

  // Drains servers whose time is over, deletes those that are empty then, and
  // forgets adopted ones that ended long ago. On the event loop's thread.
  void Sweep(absl::Time now);
  // What keeps the servers that should go. Blocks on gofers.
  void RefreshHolders();

 private:
  absl::Status CheckNew(const std::string& id, const admin::Server& spec) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);
  admin::Server Complete(const std::string& id,
                         const admin::Server& spec) const;
  // Brings what changed to the gofer, or checks only that it could.
  absl::Status TellGofer(const model::Model::ServerPtr& server,
                         const admin::Server& before,
                         const admin::Server& after, Effect effect);
  // What the next goferd is to know: on the disk before a change is made, and
  // in its place after it. Failures of the second step are logged.
  struct ChangeDraft {
    state::FileDraft file;
    // For the gofer.
    std::string daemon_data;
  };
  absl::StatusOr<ChangeDraft> Draft(const model::Model::ServerPtr& server,
                                    const admin::Server& after, bool draining);
  void Keep(const model::Model::ServerPtr& server, ChangeDraft draft);

  void SetHolders(model::ServerRecord& server,
                  const worker::v1::InflightList& inflight)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);

  gofers::Context& context_;
  gofers::Lifecycle& lifecycle_;
};

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_SERVER_OPERATIONS_H_
