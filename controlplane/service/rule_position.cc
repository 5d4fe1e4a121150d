#include "controlplane/service/rule_position.h"

#include <tuple>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "controlplane/names/resource_name.h"
#include "controlplane/translate/time_conversion.h"

namespace goferd::service {

RulePosition::RulePosition(const admin::HandlerRule& rule)
    : priority_(rule.priority()),
      create_time_ns_(
          absl::ToUnixNanos(translate::ToTime(rule.create_time()))) {
  if (const auto name = names::ParseRuleName(rule.name())) {
    server_id_ = name->server_id;
    rule_id_ = name->id;
  }
}

std::optional<RulePosition> RulePosition::Parse(absl::string_view text) {
  const std::vector<absl::string_view> parts =
      absl::StrSplit(text, absl::MaxSplits('/', 4));
  RulePosition position;
  if (parts.size() != 4 || !absl::SimpleAtoi(parts[1], &position.priority_) ||
      !absl::SimpleAtoi(parts[2], &position.create_time_ns_)) {
    return std::nullopt;
  }
  position.server_id_ = std::string(parts[0]);
  position.rule_id_ = std::string(parts[3]);
  return position;
}

std::string RulePosition::ToString() const {
  return absl::StrCat(server_id_, "/", priority_, "/", create_time_ns_, "/",
                      rule_id_);
}

size_t RulePosition::FindIn(
    const std::vector<admin::HandlerRule>& rules) const {
  size_t first = rules.size();
  for (size_t i = 0; i < rules.size(); ++i) {
    const RulePosition here(rules[i]);
    if (!here.IsAtOrBehind(*this)) continue;
    const bool is_same_place = IsAtOrBehind(here);
    if (is_same_place && here.rule_id_ == rule_id_) return i + 1;
    if (first == rules.size()) first = i;
    if (!is_same_place) break;
  }
  return first;
}

// Higher priorities come first.
bool RulePosition::IsAtOrBehind(const RulePosition& other) const {
  return std::tuple(absl::string_view(server_id_), -priority_,
                    create_time_ns_) >=
         std::tuple(absl::string_view(other.server_id_), -other.priority_,
                    other.create_time_ns_);
}

}  // namespace goferd::service
