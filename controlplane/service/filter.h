// Filter: chooses the resources of a list or a watch.

#ifndef GOFERD_CONTROLPLANE_SERVICE_FILTER_H_
#define GOFERD_CONTROLPLANE_SERVICE_FILTER_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "controlplane/errors/error.h"

namespace goferd::service {

// The fields that filters may ask for.
struct FilterSchema {
  struct Field {
    // What its values are, and so whether one is less than another.
    enum class Type { kText, kTime };

    std::string name;
    // The values that it can have, which have no order; empty when it can have
    // any of its type.
    std::vector<std::string> values;
    Type type = Type::kText;
  };
  std::vector<Field> fields;
  // Whether filters may ask for `labels`.
  bool has_labels = true;
};

// A filter as AIP-160 defines it, with these parts:
//
//   filter   = disjunction {["AND"] disjunction}
//   disjunction = factor {"OR" factor}        (OR binds tighter than AND)
//   factor   = {"NOT" | "-"} ("(" filter ")" | field comparator value
//                                            | "labels" ":" key)
//   field    = a name of the schema | "labels." key
//   comparator = "=" | "!=" | "<" | "<=" | ">" | ">="
//   value    = word | "text" | 'text'         (with \ before a quote or \)
//
// `!=` is the opposite of `=`: it holds for a missing label. A missing label is
// neither less nor greater. Times are written as RFC 3339 has them. A value
// object; thread-safe once made.
class Filter {
 public:
  // Returns the value of "state" or "labels.tenant", a time as TimeValue has
  // it; nothing when it is missing.
  using Getter =
      absl::FunctionRef<std::optional<std::string>(absl::string_view field)>;

  // Matches everything.
  Filter() = default;

  bool Matches(Getter get) const;
  // Whether the filter could match if the fields that are not fixed had other
  // values. May return true when it could not, but never false when it could.
  using IsFixed = absl::FunctionRef<bool(absl::string_view field)>;
  bool CouldMatch(Getter get, IsFixed is_fixed) const;
  bool empty() const { return nodes_.empty(); }
  // Whether the filter asks for `field` anywhere.
  bool Mentions(absl::string_view field) const;

 private:
  friend class FilterParser;

  struct Node {
    enum class Kind { kEquals, kLess, kGreater, kHas, kNot, kAnd, kOr };
    Kind kind;
    std::string field;
    std::string value;
    std::vector<size_t> operands;
  };

  static bool IsComparison(const Node& node) {
    return node.kind == Node::Kind::kEquals || node.kind == Node::Kind::kLess ||
           node.kind == Node::Kind::kGreater || node.kind == Node::Kind::kHas;
  }
  bool Evaluate(size_t index, Getter get) const;
  // Whether the node's value can be `wanted`.
  bool CanBe(size_t index, bool wanted, Getter get, IsFixed is_fixed) const;

  // Operands come before the nodes that use them: the root is the last node.
  std::vector<Node> nodes_;
};

// A time as text that has the order of times.
std::string TimeValue(absl::Time time);

// Parses a filter of at most 1024 bytes and 32 levels of parentheses and NOTs.
// Errors: INVALID_ARGUMENT, FIELD_INVALID, about the field "filter".
absl::StatusOr<Filter> ParseFilter(absl::string_view text,
                                   const FilterSchema& schema);
// Does the same for a request of which further fields are checked. The result
// matches everything when there is a violation.
Filter CheckFilter(errors::FieldViolations& violations, absl::string_view text,
                   const FilterSchema& schema);

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_FILTER_H_
