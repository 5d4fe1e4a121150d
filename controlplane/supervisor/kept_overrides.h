// KeptOverrides: what is laid over a server's gofer and outlives it.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_KEPT_OVERRIDES_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_KEPT_OVERRIDES_H_

#include <string>
#include <vector>

#include "controlplane/supervisor/model.h"

namespace goferd::supervisor {

// Faults go with their gofer unless they are persistent; policies and the table
// stay. Not thread-safe; a copy of the server's, which may be changed to what
// is to come. The server's overrides_mu is held meanwhile.
class KeptOverrides {
 public:
  // Those that `server` has now; Model::mu is held.
  explicit KeptOverrides(const ServerRecord& server);

  static bool IsKept(const admin::HandlerRule& rule);

  void Put(const RuleRecord& rule);
  void Remove(absl::string_view rule_name);
  void SetAssignments(std::vector<admin::HandlerAssignment> assignments) {
    assignments_ = std::move(assignments);
  }

  // A state::v1::Overrides: the same for the same rules and table, whatever
  // else has changed. Empty when there is nothing to keep.
  std::string Serialize() const;

 private:
  ById<RuleRecord> rules_;  // By resource name.
  std::vector<admin::HandlerAssignment> assignments_;
};

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_KEPT_OVERRIDES_H_
