// HandlerOperations: the handler tables of servers.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_HANDLER_OPERATIONS_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_HANDLER_OPERATIONS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "controlplane/gofers/context.h"
#include "controlplane/supervisor/handlers.h"
#include "controlplane/supervisor/rule_operations.h"
#include "goferd/admin/v1/handler.pb.h"
#include "goferd/admin/v1/handler_service.pb.h"
#include "goferd/worker/v1/handler.pb.h"

namespace goferd::supervisor {

namespace admin = goferd::admin::v1;

// Blocks on gofers.
class HandlerOperations final : public Handlers {
 public:
  HandlerOperations(gofers::Context& context, gofers::OverridesStore& store,
                    RuleOperations& rules)
      : context_(context), store_(store), rules_(rules) {}

  absl::StatusOr<std::vector<admin::Handler>> List(
      absl::string_view server_id) override;
  absl::StatusOr<std::vector<admin::Handler>> Set(
      absl::string_view server_id, absl::string_view etag,
      const std::vector<admin::HandlerAssignment>& assignments,
      Effect effect) override;
  absl::StatusOr<admin::ResetHandlersResponse> Reset(
      absl::string_view server_id, absl::string_view etag,
      admin::ResetHandlersRequest::Scope scope, Effect effect) override;

 private:
  using Table = worker::v1::HandlerList;

  // The rows as the API has them. Takes the lock.
  std::vector<admin::Handler> ToRows(const model::Model::ServerPtr& server,
                                     const Table& table);
  absl::StatusOr<Table> Read(link::GoferLink& link);
  // The rules with the ids `remove_rules` go at the same moment.
  absl::StatusOr<Table> Write(
      const model::Model::ServerPtr& server, link::GoferLink& link,
      const std::vector<admin::HandlerAssignment>& assignments,
      const Table& before, const std::vector<std::string>& remove_rules);
  // The table becomes the stock one and all rules go, in one request.
  absl::StatusOr<admin::ResetHandlersResponse> ResetAll(
      const model::Model::ServerPtr& server, link::GoferLink& link,
      const Table& before, Effect effect);

  gofers::Context& context_;
  gofers::OverridesStore& store_;
  RuleOperations& rules_;
};

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_HANDLER_OPERATIONS_H_
