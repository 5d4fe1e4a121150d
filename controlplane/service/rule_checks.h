// Checks of handler rules in requests.

#ifndef GOFERD_CONTROLPLANE_SERVICE_RULE_CHECKS_H_
#define GOFERD_CONTROLPLANE_SERVICE_RULE_CHECKS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "controlplane/errors/error.h"
#include "goferd/admin/v1/handler_rule.pb.h"

namespace goferd::service {

namespace admin = goferd::admin::v1;

// Adds the faults of a rule for the handlers of `server_id`, below the path
// `field`. The rule's name and output fields are not looked at.
void CheckRule(errors::FieldViolations& violations, absl::string_view field,
               const admin::HandlerRule& rule, absl::string_view server_id,
               absl::Time now);

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_RULE_CHECKS_H_
