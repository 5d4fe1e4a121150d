// Filter: which resources a list or a watch is about.

#ifndef GOFERD_CONTROLPLANE_SERVICE_FILTER_H_
#define GOFERD_CONTROLPLANE_SERVICE_FILTER_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "controlplane/errors/error.h"

namespace goferd::service {

// What filters may ask for.
struct FilterSchema {
  struct Field {
    std::string name;
    // The values that it can have; empty: any text.
    std::vector<std::string> values;
  };
  std::vector<Field> fields;
  // Whether there is `labels`.
  bool has_labels = true;
};

// A filter as AIP-160 has it, of these parts:
//
//   filter   = disjunction {"AND" disjunction}
//   disjunction = factor {"OR" factor}        (OR binds tighter than AND)
//   factor   = {"NOT"} ("(" filter ")" | field ("=" | "!=") value
//                                      | "labels" ":" key)
//   field    = a name of the schema | "labels." key
//   value    = word | "text" | 'text'         (with \ before a quote or \)
//
// `!=` is the opposite of `=`: it holds for a label that is not there. A value
// object; thread-safe once made.
class Filter {
 public:
  // The value of "state" or "labels.tenant"; nothing when there is none.
  using Getter =
      absl::FunctionRef<std::optional<std::string>(absl::string_view field)>;

  // Matches everything.
  Filter() = default;

  bool Matches(Getter get) const;
  // Whether it could match if the fields that are not fixed had other values:
  // false only when it could not.
  using IsFixed = absl::FunctionRef<bool(absl::string_view field)>;
  bool CouldMatch(Getter get, IsFixed is_fixed) const;
  bool empty() const { return nodes_.empty(); }
  // Whether it asks for `field` anywhere.
  bool Mentions(absl::string_view field) const;

 private:
  friend class FilterParser;

  struct Node {
    enum class Kind { kEquals, kHas, kNot, kAnd, kOr };
    Kind kind;
    std::string field;
    std::string value;
    std::vector<size_t> operands;
  };

  bool Evaluate(size_t index, Getter get) const;
  // Whether the node's value can be `wanted`.
  bool CanBe(size_t index, bool wanted, Getter get, IsFixed is_fixed) const;

  // Operands come before what uses them: the root is the last one.
  std::vector<Node> nodes_;
};

// At most 1024 bytes and 32 levels of parentheses and NOTs. Errors:
// INVALID_ARGUMENT / FIELD_INVALID, about the field "filter".
absl::StatusOr<Filter> ParseFilter(absl::string_view text,
                                   const FilterSchema& schema);
// The same for a request of which more is checked: matches everything when
// there is a violation.
Filter CheckFilter(errors::FieldViolations& violations, absl::string_view text,
                   const FilterSchema& schema);

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_FILTER_H_
