#include "controlplane/service/filter_parser.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "controlplane/service/utf8.h"

namespace goferd::service {
namespace {

using Kind = FilterToken::Kind;

constexpr size_t kMostFilterBytes = 1024;
constexpr int kMostDepth = 32;
constexpr absl::string_view kLabelsField = "labels";
constexpr absl::string_view kLabelPrefix = "labels.";

}  // namespace

std::optional<Filter> FilterParser::Parse() {
  if (text_.size() > kMostFilterBytes) {
    fault_ = absl::StrCat("must have at most ", kMostFilterBytes, " bytes");
    return std::nullopt;
  }
  if (!IsUtf8(text_)) {
    fault_ = "must be UTF-8";
    return std::nullopt;
  }
  Advance();
  if (token_.kind == Kind::kEnd) return Filter();
  if (!ParseConjunction(0)) return std::nullopt;
  if (token_.kind != Kind::kEnd) return Fail("AND or OR is missing here");
  return std::move(filter_);
}

FilterParser::Index FilterParser::ParseConjunction(int depth) {
  std::vector<size_t> operands;
  while (true) {
    const Index operand = ParseDisjunction(depth);
    if (!operand) return std::nullopt;
    operands.push_back(*operand);
    if (token_.kind == Kind::kWord && token_.text == "AND") {
      Advance();
    } else if (token_.kind != Kind::kWord && token_.kind != Kind::kOpen) {
      break;
    }
  }
  return Join(Node::Kind::kAnd, std::move(operands));
}

FilterParser::Index FilterParser::ParseDisjunction(int depth) {
  std::vector<size_t> operands;
  while (true) {
    const Index operand = ParseFactor(depth);
    if (!operand) return std::nullopt;
    operands.push_back(*operand);
    if (token_.kind != Kind::kWord || token_.text != "OR") break;
    Advance();
  }
  return Join(Node::Kind::kOr, std::move(operands));
}

FilterParser::Index FilterParser::ParseFactor(int depth) {
  if (depth > kMostDepth) {
    return Fail(absl::StrCat("must not be nested deeper than ", kMostDepth));
  }
  if (token_.kind == Kind::kOpen) return ParseNested(depth + 1);
  if (token_.kind != Kind::kWord) {
    return Fail("a comparison such as state = ACTIVE is missing here");
  }
  if (!TakeNegation()) return ParseComparison();
  const Index operand = ParseFactor(depth + 1);
  if (!operand) return std::nullopt;
  return Make({Node::Kind::kNot, "", "", {*operand}});
}

bool FilterParser::TakeNegation() {
  if (token_.text == "NOT" || token_.text == "-") {
    Advance();
    return true;
  }
  if (!absl::StartsWith(token_.text, "-")) return false;
  token_.text.erase(0, 1);
  ++token_.offset;
  return true;
}

FilterParser::Index FilterParser::ParseNested(int depth) {
  Advance();
  const Index inner = ParseConjunction(depth);
  if (!inner) return std::nullopt;
  if (token_.kind != Kind::kClose) return Fail("\")\" is missing here");
  Advance();
  return inner;
}

FilterParser::Index FilterParser::ParseComparison() {
  if (IsKeyword(token_.text)) {
    return Fail("a comparison such as state = ACTIVE is missing here");
  }
  const std::string field = token_.text;
  if (field == kLabelsField && schema_.has_labels) return ParseHas();
  if (!FindField(field)) return std::nullopt;
  Advance();
  const Kind comparator = token_.kind;
  if (!IsComparator(comparator)) {
    return Fail(
        absl::StrCat("a comparison such as \"=\" is missing behind ", field));
  }
  Advance();
  return ParseValue(field, comparator);
}

FilterParser::Index FilterParser::ParseHas() {
  Advance();
  if (token_.kind != Kind::kHas) {
    return Fail("labels are asked for by labels.key = value or labels:key");
  }
  Advance();
  if (token_.kind != Kind::kWord && token_.kind != Kind::kText) {
    return Fail("a label's key is missing here");
  }
  const size_t made =
      Make({Node::Kind::kHas, absl::StrCat(kLabelPrefix, token_.text), "", {}});
  Advance();
  return made;
}

FilterParser::Index FilterParser::ParseValue(const std::string& field,
                                             Kind comparator) {
  if (token_.kind == Kind::kFault) return Fail("a quote is not closed");
  if (token_.kind != Kind::kText &&
      (token_.kind != Kind::kWord || IsKeyword(token_.text))) {
    return Fail(absl::StrCat("a value for ", field, " is missing here"));
  }
  const auto known = FindField(field);
  if (!known) return std::nullopt;
  const bool is_equality =
      comparator == Kind::kEquals || comparator == Kind::kNotEquals;
  if (!is_equality && !known->values.empty()) {
    return Fail(absl::StrCat("the values of ", field, " have no order"));
  }
  const auto value = ReadValue(*known);
  if (!value) return std::nullopt;
  Advance();
  switch (comparator) {
    case Kind::kLess:
      return Make({Node::Kind::kLess, field, *value, {}});
    case Kind::kGreater:
      return Make({Node::Kind::kGreater, field, *value, {}});
    default:
      break;
  }
  const size_t equal = Make({Node::Kind::kEquals, field, *value, {}});
  switch (comparator) {
    case Kind::kNotEquals:
      return Make({Node::Kind::kNot, "", "", {equal}});
    case Kind::kLessOrEquals:
      return Join(Node::Kind::kOr,
                  {equal, Make({Node::Kind::kLess, field, *value, {}})});
    case Kind::kGreaterOrEquals:
      return Join(Node::Kind::kOr,
                  {equal, Make({Node::Kind::kGreater, field, *value, {}})});
    default:
      return equal;
  }
}

std::optional<std::string> FilterParser::ReadValue(
    const FilterSchema::Field& field) {
  const auto& values = field.values;
  if (!values.empty() &&
      std::find(values.begin(), values.end(), token_.text) == values.end()) {
    return Fail(
        absl::StrCat(field.name, " is one of ", absl::StrJoin(values, ", ")));
  }
  if (field.type == FilterSchema::Field::Type::kText) return token_.text;
  absl::Time time;
  if (!absl::ParseTime(absl::RFC3339_full, token_.text, &time, nullptr)) {
    return Fail(absl::StrCat(field.name,
                             " is a time such as \"2030-01-31T00:00:00Z\""));
  }
  return TimeValue(time);
}

bool FilterParser::IsComparator(Kind kind) {
  switch (kind) {
    case Kind::kEquals:
    case Kind::kNotEquals:
    case Kind::kLess:
    case Kind::kLessOrEquals:
    case Kind::kGreater:
    case Kind::kGreaterOrEquals:
      return true;
    default:
      return false;
  }
}

bool FilterParser::IsKeyword(absl::string_view word) const {
  return word == "AND" || word == "OR" || word == "NOT";
}

std::optional<FilterSchema::Field> FilterParser::FindField(
    const std::string& name) {
  if (schema_.has_labels && absl::StartsWith(name, kLabelPrefix) &&
      name.size() > kLabelPrefix.size()) {
    return FilterSchema::Field{name, {}};
  }
  std::vector<std::string> names;
  for (const FilterSchema::Field& known : schema_.fields) {
    if (known.name == name) return known;
    names.push_back(known.name);
  }
  if (schema_.has_labels) names.push_back("labels");
  return Fail(absl::StrCat("fields to filter by are ",
                           absl::StrJoin(names, ", "), ", and not this one"));
}

size_t FilterParser::Make(Node node) {
  filter_.nodes_.push_back(std::move(node));
  return filter_.nodes_.size() - 1;
}

size_t FilterParser::Join(Node::Kind kind, std::vector<size_t> operands) {
  if (operands.size() == 1) return operands.front();
  return Make({kind, "", "", std::move(operands)});
}

std::nullopt_t FilterParser::Fail(absl::string_view text) {
  if (fault_.empty()) {
    fault_ = absl::StrCat("at byte ", token_.offset, ": ", text);
  }
  return std::nullopt;
}

}  // namespace goferd::service
