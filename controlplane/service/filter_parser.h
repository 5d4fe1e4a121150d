// FilterParser: makes a Filter of its text.

#ifndef GOFERD_CONTROLPLANE_SERVICE_FILTER_PARSER_H_
#define GOFERD_CONTROLPLANE_SERVICE_FILTER_PARSER_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "controlplane/service/filter.h"
#include "controlplane/service/filter_lexer.h"

namespace goferd::service {

// Used once. Descends by the grammar in filter.h, with one method for each of
// its lines; the depth of the descent is bounded. A method returns the index of
// the node that it made, or nothing after it has set the fault.
class FilterParser {
 public:
  // `text` and `schema` outlive the parser.
  FilterParser(absl::string_view text, const FilterSchema& schema)
      : text_(text), schema_(schema), lexer_(text) {}

  std::optional<Filter> Parse();
  // Says what is wrong, when Parse had no result.
  const std::string& fault() const { return fault_; }

 private:
  using Node = Filter::Node;
  using Index = std::optional<size_t>;

  Index ParseConjunction(int depth);
  Index ParseDisjunction(int depth);
  Index ParseFactor(int depth);
  Index ParseNested(int depth);
  // Takes a "NOT" or "-" in front of a factor; returns whether one was there.
  bool TakeNegation();
  Index ParseComparison();
  Index ParseHas();
  Index ParseValue(const std::string& field, FilterToken::Kind comparator);

  static bool IsComparator(FilterToken::Kind kind);
  bool IsKeyword(absl::string_view word) const;
  // Returns a field of the schema, or a label; sets the fault and returns
  // nothing when there is no such field.
  std::optional<FilterSchema::Field> FindField(const std::string& name);
  // The token as a value of `field`, in the form in which values are compared.
  // Sets the fault when it cannot be one.
  std::optional<std::string> ReadValue(const FilterSchema::Field& field);
  size_t Make(Node node);
  size_t Join(Node::Kind kind, std::vector<size_t> operands);
  std::nullopt_t Fail(absl::string_view text);
  void Advance() { token_ = lexer_.Next(); }

  const absl::string_view text_;
  const FilterSchema& schema_;
  FilterLexer lexer_;
  FilterToken token_;
  Filter filter_;
  std::string fault_;
};

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_FILTER_PARSER_H_
