// RuleSet: the rules that stand at one moment, as requests are judged by them.

#ifndef GOFER_SERVER_RULES_RULE_SET_H_
#define GOFER_SERVER_RULES_RULE_SET_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "server/lisafs/interceptor.h"
#include "server/lisafs/request_context.h"
#include "server/rules/standing_rule.h"
#include "server/rules/unix_clock.h"
#include "server/wire/message_id.h"

namespace gofer::rules {

// Immutable, except for the counters of its rules. A message that no rule is
// about costs one bit test.
class RuleSet : public lisafs::Interceptor {
 public:
  // `rules`: in the order of evaluation.
  RuleSet(StandingRules rules, UnixClock clock);

  lisafs::Verdict Judge(lisafs::RequestContext& context) const override;

 private:
  const StandingRules rules_;
  const UnixClock clock_;
  MessageMask messages_ = 0;
  // Rules by message; those for unknown messages are last.
  std::array<std::vector<StandingRule*>, wire::kMessageIdCount + 1> of_message_;
};

}  // namespace gofer::rules

#endif  // GOFER_SERVER_RULES_RULE_SET_H_
