// HandlerOperations: the handler tables of servers.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_HANDLER_OPERATIONS_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_HANDLER_OPERATIONS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "controlplane/gofers/overrides_store.h"
#include "controlplane/gofers/threads.h"
#include "controlplane/model/model.h"
#include "controlplane/supervisor/handlers.h"
#include "controlplane/supervisor/override_target.h"
#include "controlplane/supervisor/rule_operations.h"
#include "goferd/admin/v1/handler.pb.h"
#include "goferd/admin/v1/handler_service.pb.h"
#include "goferd/worker/v1/handler.pb.h"

namespace goferd::supervisor {

namespace admin = goferd::admin::v1;

// Blocks on gofers.
class HandlerOperations final : public Handlers {
 public:
  // All outlive it.
  HandlerOperations(model::Model& model, gofers::Threads& threads,
                    gofers::OverridesStore& store, RuleOperations& rules)
      : model_(model), threads_(threads), store_(store), rules_(rules) {}

  absl::StatusOr<std::vector<admin::Handler>> List(
      absl::string_view server_id) override;
  absl::StatusOr<admin::SetHandlersResponse> Set(
      absl::string_view server_id, absl::string_view etag,
      const std::vector<admin::HandlerAssignment>& assignments, Effect effect,
      Escapes escapes) override;
  absl::StatusOr<admin::ResetHandlersResponse> Reset(
      absl::string_view server_id, absl::string_view etag,
      admin::ResetHandlersRequest::Scope scope, Effect effect) override;

 private:
  using Table = worker::v1::HandlerList;

  // The rows as the API has them. Takes the lock.
  std::vector<admin::Handler> ToRows(const model::ServerPtr& server,
                                     const Table& table);
  absl::StatusOr<Table> Read(link::GoferLink& link);
  // The rules with the ids `remove_rules` go at the same moment.
  absl::StatusOr<Table> Write(
      const model::ServerPtr& server, link::GoferLink& link,
      const std::vector<admin::HandlerAssignment>& assignments,
      const Table& before, const std::vector<std::string>& remove_rules);
  // Publishes the rows that differ between two tables.
  void TellChangedRows(const model::ModelLock& lock,
                       const model::ServerRecord& server, const Table& before,
                       const Table& after);
  // The table becomes the stock one and all rules go, in one request.
  // Resets the overrides of a server whose gofer is dead, readable or not.
  absl::StatusOr<admin::ResetHandlersResponse> GiveUpAll(
      const model::ServerPtr& server, Effect effect);
  absl::StatusOr<admin::ResetHandlersResponse> RemoveRules(
      const OverrideTarget& target, bool all, Effect effect);
  absl::StatusOr<admin::ResetHandlersResponse> ResetAll(
      const model::ServerPtr& server, link::GoferLink& link,
      const Table& before, Effect effect);

  model::Model& model_;
  gofers::Threads& threads_;
  gofers::OverridesStore& store_;
  RuleOperations& rules_;
};

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_HANDLER_OPERATIONS_H_
