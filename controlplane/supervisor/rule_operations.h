// RuleOperations: handler rules made, read and removed.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_RULE_OPERATIONS_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_RULE_OPERATIONS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "controlplane/gofers/overrides_store.h"
#include "controlplane/gofers/settings.h"
#include "controlplane/gofers/threads.h"
#include "controlplane/model/model.h"
#include "controlplane/supervisor/rule_spec.h"
#include "controlplane/supervisor/rules.h"

namespace goferd::supervisor {

namespace admin = goferd::admin::v1;

// Blocks on gofers. The rules of a server are changed by one call at a time, so
// that the model and the gofer have them in the same order.
class RuleOperations final : public Rules {
 public:
  // All outlive it.
  RuleOperations(model::Model& model, gofers::Threads& threads,
                 const gofers::Settings& settings,
                 gofers::OverridesStore& store)
      : model_(model), threads_(threads), settings_(settings), store_(store) {}

  absl::StatusOr<std::vector<admin::HandlerRule>> Upsert(
      absl::string_view server_id, const std::vector<RuleSpec>& rules,
      Existing existing, Effect effect, Escapes escapes) override;
  absl::StatusOr<admin::HandlerRule> Get(absl::string_view server_id,
                                         absl::string_view rule_id) override;
  absl::StatusOr<RuleList> List(const names::ServerScope& scope) override;
  absl::Status Delete(absl::string_view server_id, absl::string_view rule_id,
                      absl::string_view etag, Effect effect) override;

  // Removes those for which `which` is true; returns their names. The caller
  // holds the server's overrides_mu.
  absl::StatusOr<std::vector<std::string>> RemoveIf(
      const model::ServerPtr& server, std::shared_ptr<link::GoferLink> link,
      absl::FunctionRef<bool(const admin::HandlerRule&)> which, Effect effect);

 private:
  absl::StatusOr<model::RuleRecord> Complete(const model::ModelLock& lock,
                                             model::ServerRecord& server,
                                             const RuleSpec& spec,
                                             Existing existing);
  absl::StatusOr<std::vector<model::RuleRecord>> CompleteAll(
      const model::ModelLock& lock, model::ServerRecord& server,
      const std::vector<RuleSpec>& specs, Existing existing);
  // Answers the rules as a caller sees them; only Effect::kReal puts them into
  // the model.
  std::vector<admin::HandlerRule> PutAll(const model::ModelLock& lock,
                                         model::ServerRecord& server,
                                         std::vector<model::RuleRecord> records,
                                         Effect effect);
  // The present counters, into the model's rules. False when the gofer does not
  // answer.
  bool Refresh(const model::ServerPtr& server, absl::Duration timeout);
  void TakeCounters(model::ServerEntry& server,
                    const worker::v1::RuleList& page);

  model::Model& model_;
  gofers::Threads& threads_;
  const gofers::Settings& settings_;
  gofers::OverridesStore& store_;
};

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_RULE_OPERATIONS_H_
