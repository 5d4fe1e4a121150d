// RuleSpec, RuleList: what rules are made of, and what a list of them has.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_RULE_SPEC_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_RULE_SPEC_H_

#include <cstdint>
#include <string>
#include <vector>

#include "goferd/admin/v1/handler_rule.pb.h"

namespace goferd::supervisor {

namespace admin = goferd::admin::v1;

// One rule of Rules::Upsert; its name and uid are ignored.
struct RuleSpec {
  std::string rule_id;
  admin::HandlerRule rule;
  // Empty: any.
  std::string etag;
};

struct RuleList {
  // In the order of evaluation, by server.
  std::vector<admin::HandlerRule> rules;
  int64_t revision = 0;
  // Names of servers whose counters are as last known.
  std::vector<std::string> unreachable;
};

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_RULE_SPEC_H_
