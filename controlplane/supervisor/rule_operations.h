// RuleOperations: handler rules made, read and removed.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_RULE_OPERATIONS_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_RULE_OPERATIONS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "controlplane/supervisor/context.h"
#include "controlplane/supervisor/file_draft.h"
#include "controlplane/supervisor/kept_overrides.h"
#include "controlplane/supervisor/supervisor.h"
#include "goferd/worker/v1/rule.pb.h"

namespace goferd::supervisor {

// The rule methods of Supervisor; see there. Thread-safe; blocks on gofers. The
// rules of a server are changed by one call at a time, so that the model and
// the gofer have them in the same order.
class RuleOperations {
 public:
  explicit RuleOperations(Context& context) : context_(context) {}

  absl::StatusOr<std::vector<admin::HandlerRule>> Upsert(
      absl::string_view server_id, const std::vector<RuleSpec>& rules,
      Supervisor::Existing existing, Effect effect);
  absl::StatusOr<admin::HandlerRule> Get(absl::string_view server_id,
                                         absl::string_view rule_id);
  absl::StatusOr<Supervisor::RuleList> List(absl::string_view server_id);
  absl::Status Delete(absl::string_view server_id, absl::string_view rule_id,
                      absl::string_view etag, Effect effect);

  // Removes those for which `which` is true; returns their names. The caller
  // holds the server's overrides_mu.
  absl::StatusOr<std::vector<std::string>> RemoveIf(
      const Model::ServerPtr& server, std::shared_ptr<GoferLink> link,
      absl::FunctionRef<bool(const admin::HandlerRule&)> which, Effect effect);

  // What is laid over a gofer that is started anew.
  static worker::v1::ChangeRules RulesToKeep(const ServerRecord& server);
  // Writes `kept` beside the gofer's bootstrap, for the time after goferd; it
  // counts once Keep has been called, which logs a failure. The caller holds
  // the server's overrides_mu from before the one to after the other.
  absl::StatusOr<FileDraft> DraftOverrides(const Model::ServerPtr& server,
                                           const KeptOverrides& kept);
  static void Keep(const ServerRecord& server, FileDraft draft);

 private:
  absl::StatusOr<RuleRecord> Complete(ServerRecord& server,
                                      const RuleSpec& spec,
                                      Supervisor::Existing existing)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);
  absl::StatusOr<std::vector<RuleRecord>> CompleteAll(
      ServerRecord& server, const std::vector<RuleSpec>& specs,
      Supervisor::Existing existing)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);
  // The present counters, into the model's rules. False when the gofer does not
  // answer.
  bool Refresh(const Model::ServerPtr& server, absl::Duration timeout);

  Context& context_;
};

// Sets the warnings of `rule`, from the connections that there are.
void Warn(const ServerRecord& server, admin::HandlerRule& rule);

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_RULE_OPERATIONS_H_
