// FilterLexer: splits a filter into its words.

#ifndef GOFERD_CONTROLPLANE_SERVICE_FILTER_LEXER_H_
#define GOFERD_CONTROLPLANE_SERVICE_FILTER_LEXER_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace goferd::service {

struct FilterToken {
  enum class Kind {
    kEnd,
    kOpen,
    kClose,
    kEquals,
    kNotEquals,
    kLess,
    kLessOrEquals,
    kGreater,
    kGreaterOrEquals,
    kHas,
    kWord,
    kText,
    // A quote without its end, or a lone "!".
    kFault,
  };
  Kind kind = Kind::kEnd;
  // The bytes of a word, or of a text without its quotes and escapes.
  std::string text;
  // Where the token begins, in bytes.
  size_t offset = 0;
};

// Reads one token after the other; after the last token every call returns
// kEnd. `text` outlives it.
class FilterLexer {
 public:
  explicit FilterLexer(absl::string_view text) : text_(text) {}

  FilterToken Next();

 private:
  FilterToken ReadOrder(char sign, size_t begin);
  FilterToken ReadQuoted(char quote, size_t begin);

  const absl::string_view text_;
  size_t at_ = 0;
};

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_FILTER_LEXER_H_
