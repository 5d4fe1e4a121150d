// Handler rules of the admin API, translated for gofers.

#ifndef GOFERD_CONTROLPLANE_TRANSLATE_RULE_TRANSLATION_H_
#define GOFERD_CONTROLPLANE_TRANSLATE_RULE_TRANSLATION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "goferd/admin/v1/handler_rule.pb.h"
#include "goferd/worker/v1/rule.pb.h"

namespace goferd::translate {

namespace admin = goferd::admin::v1;

// Whether the rule injects a fault, and is not a policy.
bool IsFault(const admin::HandlerRule& rule);

// The class of a message's operation.
admin::OpClass ClassOf(uint32_t mid);

// Returns the numbers of the messages that a rule can match; an empty list
// stands for all. The class is expanded over `known_mids`. Returns nothing when
// no message can match at all.
std::optional<std::vector<uint32_t>> MidsOf(
    const admin::HandlerRule::Match& match,
    const std::vector<uint32_t>& known_mids);

// The number of an errno by its name; 0 when no errno has that name.
int ErrnoNumber(absl::string_view name);
// The name of an errno, such as "ENOENT"; the number when it has no name.
std::string ErrnoName(int number);

// `rule` is complete: it has a uid, a name, an action and an expiration. The
// resource itself travels as daemon data.
worker::v1::Rule ToWorker(const admin::HandlerRule& rule, uint64_t age_number,
                          const std::vector<uint32_t>& known_mids);

void SetCounters(const worker::v1::RuleCounters& counters,
                 admin::HandlerRule& rule);

}  // namespace goferd::translate

#endif  // GOFERD_CONTROLPLANE_TRANSLATE_RULE_TRANSLATION_H_
