#include "controlplane/service/filter.h"

#include <algorithm>

#include "controlplane/service/filter_parser.h"

namespace goferd::service {

bool Filter::Matches(Getter get) const {
  return nodes_.empty() || Evaluate(nodes_.size() - 1, get);
}

bool Filter::Mentions(absl::string_view field) const {
  return std::any_of(nodes_.begin(), nodes_.end(), [field](const Node& node) {
    return IsComparison(node) && node.field == field;
  });
}

// Recurses as deep as the filter is; the parser bounds that.
bool Filter::Evaluate(size_t index, Getter get) const {
  const Node& node = nodes_[index];
  const auto holds = [this, get](size_t operand) {
    return Evaluate(operand, get);
  };
  switch (node.kind) {
    case Node::Kind::kEquals:
      return get(node.field) == node.value;
    case Node::Kind::kLess:
    case Node::Kind::kGreater: {
      const std::optional<std::string> value = get(node.field);
      if (!value) return false;
      return node.kind == Node::Kind::kLess ? *value < node.value
                                            : *value > node.value;
    }
    case Node::Kind::kHas:
      return get(node.field).has_value();
    case Node::Kind::kNot:
      return !holds(node.operands.front());
    case Node::Kind::kAnd:
      return std::all_of(node.operands.begin(), node.operands.end(), holds);
    case Node::Kind::kOr:
      return std::any_of(node.operands.begin(), node.operands.end(), holds);
  }
  return false;
}

bool Filter::CouldMatch(Getter get, IsFixed is_fixed) const {
  return nodes_.empty() || CanBe(nodes_.size() - 1, true, get, is_fixed);
}

bool Filter::CanBe(size_t index, bool wanted, Getter get,
                   IsFixed is_fixed) const {
  const Node& node = nodes_[index];
  const auto can_be = [&](size_t operand) {
    return CanBe(operand, wanted, get, is_fixed);
  };
  switch (node.kind) {
    case Node::Kind::kEquals:
    case Node::Kind::kLess:
    case Node::Kind::kGreater:
    case Node::Kind::kHas:
      return !is_fixed(node.field) || Evaluate(index, get) == wanted;
    case Node::Kind::kNot:
      return CanBe(node.operands.front(), !wanted, get, is_fixed);
    case Node::Kind::kAnd:
    case Node::Kind::kOr:
      break;
  }
  // All operands must be as wanted, or one of them is enough.
  return wanted == (node.kind == Node::Kind::kAnd)
             ? std::all_of(node.operands.begin(), node.operands.end(), can_be)
             : std::any_of(node.operands.begin(), node.operands.end(), can_be);
}

std::string TimeValue(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E9SZ", time, absl::UTCTimeZone());
}

absl::StatusOr<Filter> ParseFilter(absl::string_view text,
                                   const FilterSchema& schema) {
  errors::FieldViolations violations;
  Filter filter = CheckFilter(violations, text, schema);
  if (!violations.empty()) return violations.ToStatus();
  return filter;
}

Filter CheckFilter(errors::FieldViolations& violations, absl::string_view text,
                   const FilterSchema& schema) {
  FilterParser parser(text, schema);
  if (auto filter = parser.Parse()) return *std::move(filter);
  violations.Add("filter", parser.fault());
  return {};
}

}  // namespace goferd::service
