// Lifecycle: gofers from their start to their end, whoever wants it.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_LIFECYCLE_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_LIFECYCLE_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "controlplane/supervisor/context.h"
#include "controlplane/supervisor/gofer_events.h"
#include "controlplane/supervisor/gofer_starter.h"
#include "controlplane/supervisor/rule_operations.h"
#include "controlplane/supervisor/served_tree.h"

namespace goferd::supervisor {

// Starts the gofers of servers, watches them, starts them again by policy, and
// finds those that live from an earlier run of goferd or were started by
// somebody else. Thread-safe.
class Lifecycle {
 public:
  Lifecycle(Context& context, RuleOperations& rules, WarmGofers& warm)
      : context_(context),
        rules_(rules),
        events_(context),
        starter_(context, warm) {}

  // Starts the gofer of a server that is STARTING, lays its overrides over it
  // and makes it ACTIVE. The caller has the mutation, or nobody else can.
  // Blocks.
  absl::Status StartGofer(const Model::ServerPtr& server,
                          const ServedTree& tree);
  // Ends the gofer of a server that is STOPPING, and removes the server with
  // all that it has. Blocks.
  absl::Status EndGofer(const Model::ServerPtr& server);

  // Adopts what lives in the state directory, at most for `patience`; what
  // takes longer is adopted meanwhile. Blocks.
  void AdoptAll(absl::Duration patience);
  // Adopts gofers that others have started since.
  void AdoptNew();

 private:
  enum class Origin { kOurs, kForeign };

  worker::GoferClient::Callbacks CallbacksFor(const std::string& server_id,
                                              uint64_t generation);
  // On the event loop's thread.
  void OnClosed(const std::string& server_id, uint64_t generation);
  void OnExit(const std::string& server_id, uint64_t generation);
  void MarkUnreachable(const std::string& server_id, uint64_t generation);
  void RestartLater(ServerRecord& server)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);

  // On a thread of the pool.
  void Restart(const std::string& server_id);
  void Reconnect(const std::string& server_id, uint64_t generation,
                 absl::Duration pause);

  absl::Status Adopt(const std::string& id, Origin origin);
  void AdoptForeign(const std::string& id, int attempt);
  absl::StatusOr<std::shared_ptr<GoferProcess>> AdoptProcess(
      const std::string& id, Origin origin, const GoferLink& link);
  absl::Status TakeOver(const std::string& id, Origin origin,
                        std::shared_ptr<GoferLink> link, uint64_t generation,
                        const worker::v1::AdoptResult& result);
  void EndUnused(const std::string& id, const absl::Status& adopted);
  // A server whose gofer died while goferd was away.
  void RestoreDead(const std::string& id, const absl::Status& why);
  Model::ServerPtr Restored(const std::string& id, Origin origin,
                            const worker::v1::AdoptResult& result);
  void RestoreConnections(ServerRecord& server,
                          const worker::v1::AdoptResult& result)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);
  void RestoreTicket(ServerRecord& server, ConnectionRecord& record,
                     const worker::v1::Connection& from)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);
  void RestoreRules(const Model::ServerPtr& server,
                    const std::shared_ptr<GoferLink>& link,
                    const worker::v1::AdoptResult& result);
  absl::Status LayOverrides(const Model::ServerPtr& server, GoferLink& link);
  // Takes over what a gofer says of itself.
  static void Known(ServerRecord& server,
                    const worker::v1::BootstrapResult& result);
  void WatchProcess(ServerRecord& server)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);

  Context& context_;
  RuleOperations& rules_;
  GoferEvents events_;
  GoferStarter starter_;
  std::atomic<uint64_t> next_generation_ = 1;
};

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_LIFECYCLE_H_
