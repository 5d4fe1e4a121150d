// KeptOverrides: what is laid over a server's gofer and outlives it.

#ifndef GOFERD_CONTROLPLANE_GOFERS_KEPT_OVERRIDES_H_
#define GOFERD_CONTROLPLANE_GOFERS_KEPT_OVERRIDES_H_

#include <string>
#include <vector>

#include "controlplane/model/model.h"
#include "goferd/worker/v1/rule.pb.h"

namespace goferd::gofers {

namespace admin = goferd::admin::v1;

// Faults go with their gofer unless they are persistent; policies and the table
// stay. Not thread-safe; a copy of the server's, which may be changed to what
// is to come. The server's overrides_mu is held meanwhile.
class KeptOverrides {
 public:
  // The overrides that `server` has now.
  explicit KeptOverrides(const model::ServerRecord& server);

  static bool IsKept(const admin::HandlerRule& rule);
  // The request that lays the kept rules of `server` over a new gofer.
  static worker::v1::ChangeRules RulesOf(const model::ServerRecord& server);

  void Put(const model::RuleRecord& rule);
  void Remove(absl::string_view rule_name);
  void SetAssignments(std::vector<admin::HandlerAssignment> assignments) {
    assignments_ = std::move(assignments);
  }

  // A state::v1::Overrides: the same for the same rules and table, whatever
  // else has changed. Empty when there is nothing to keep.
  std::string Serialize() const;

 private:
  model::ById<model::RuleRecord> rules_;  // By resource name.
  std::vector<admin::HandlerAssignment> assignments_;
};

}  // namespace goferd::gofers

#endif  // GOFERD_CONTROLPLANE_GOFERS_KEPT_OVERRIDES_H_
