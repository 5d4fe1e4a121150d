// Rules: the handler rules of servers.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_RULES_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_RULES_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "controlplane/names/scope.h"
#include "controlplane/supervisor/effect.h"

namespace goferd::admin::v1 {
class HandlerRule;
}  // namespace goferd::admin::v1

namespace goferd::supervisor {

namespace admin = goferd::admin::v1;

struct RuleList;
struct RuleSpec;

enum class Existing { kReplace, kRefuse };

// The rules, as admin messages with names. See Servers about waiting and
// errors. Thread-safe.
class Rules {
 public:
  virtual ~Rules() = default;

  // Makes or replaces rules at one moment, all or none. Errors:
  // ESCAPED_BY_CONNECTIONS, with Escapes::kRefuse.
  virtual absl::StatusOr<std::vector<admin::HandlerRule>> Upsert(
      absl::string_view server_id, const std::vector<RuleSpec>& rules,
      Existing existing, Effect effect, Escapes escapes) = 0;
  virtual absl::StatusOr<admin::HandlerRule> Get(absl::string_view server_id,
                                                 absl::string_view rule_id) = 0;
  // Errors: SERVER_NOT_FOUND.
  virtual absl::StatusOr<RuleList> List(const names::ServerScope& servers) = 0;
  virtual absl::Status Delete(absl::string_view server_id,
                              absl::string_view rule_id, absl::string_view etag,
                              Effect effect) = 0;
};

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_RULES_H_
