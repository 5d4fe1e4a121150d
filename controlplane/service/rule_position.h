// RulePosition: a place in a list of rules that may change between two pages.

#ifndef GOFERD_CONTROLPLANE_SERVICE_RULE_POSITION_H_
#define GOFERD_CONTROLPLANE_SERVICE_RULE_POSITION_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "goferd/admin/v1/handler_rule.pb.h"

namespace goferd::service {

namespace admin = goferd::admin::v1;

// The place behind a rule in the order of evaluation: by server, then by higher
// priority, then by age. A value object.
class RulePosition {
 public:
  explicit RulePosition(const admin::HandlerRule& rule);
  // Reads a text that ToString made; returns nothing for any other text.
  static std::optional<RulePosition> Parse(absl::string_view text);

  std::string ToString() const;
  // Returns the index of the first of `rules` (in order) that is behind this
  // place. If our rule is still where it was, that is the rule after it.
  // Otherwise it is the first rule that is not before ours: rules of the same
  // nanosecond may come twice then, but no rule is left out.
  size_t FindIn(const std::vector<admin::HandlerRule>& rules) const;

 private:
  RulePosition() = default;
  bool IsAtOrBehind(const RulePosition& other) const;

  std::string server_id_;
  std::string rule_id_;
  int64_t priority_ = 0;
  int64_t create_time_ns_ = 0;
};

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_RULE_POSITION_H_
