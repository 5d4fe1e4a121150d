// View of a HandlerRule.

#ifndef GOFERD_CLIENTS_GOFERCTL_RULE_VIEW_H_
#define GOFERD_CLIENTS_GOFERCTL_RULE_VIEW_H_

#include <string>

#include "clients/goferctl/output.h"

namespace goferd::admin::v1 {
class HandlerRule;
}  // namespace goferd::admin::v1

namespace goferctl {

const View<goferd::admin::v1::HandlerRule>& RuleView();

// The action, such as "delay 10ms +5ms", "error EIO" or "deny".
std::string ActionText(const goferd::admin::v1::HandlerRule& rule);
// The condition, such as "pread,pwrite path=/logs/**"; "all" without one.
std::string MatchText(const goferd::admin::v1::HandlerRule& rule);

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_RULE_VIEW_H_
