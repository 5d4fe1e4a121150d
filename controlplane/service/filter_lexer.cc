#include "controlplane/service/filter_lexer.h"

#include "absl/strings/ascii.h"

namespace goferd::service {
namespace {

using Kind = FilterToken::Kind;

constexpr absl::string_view kPunctuation = "()=!:<>\"'";

bool IsSpace(char c) {
  return absl::ascii_isspace(static_cast<unsigned char>(c));
}

bool EndsWord(char c) {
  return IsSpace(c) || kPunctuation.find(c) != absl::string_view::npos;
}

}  // namespace

FilterToken FilterLexer::Next() {
  while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
  const size_t begin = at_;
  if (begin == text_.size()) return {Kind::kEnd, "", begin};
  switch (const char c = text_[at_++]; c) {
    case '(':
      return {Kind::kOpen, "", begin};
    case ')':
      return {Kind::kClose, "", begin};
    case '=':
      return {Kind::kEquals, "", begin};
    case ':':
      return {Kind::kHas, "", begin};
    case '!':
      if (at_ == text_.size() || text_[at_] != '=') {
        return {Kind::kFault, "", begin};
      }
      ++at_;
      return {Kind::kNotEquals, "", begin};
    case '<':
    case '>':
      return ReadOrder(c, begin);
    case '"':
    case '\'':
      return ReadQuoted(c, begin);
    default:
      while (at_ < text_.size() && !EndsWord(text_[at_])) ++at_;
      return {Kind::kWord, std::string(text_.substr(begin, at_ - begin)),
              begin};
  }
}

FilterToken FilterLexer::ReadOrder(char sign, size_t begin) {
  const bool or_equals = at_ < text_.size() && text_[at_] == '=';
  if (or_equals) ++at_;
  if (sign == '<') {
    return {or_equals ? Kind::kLessOrEquals : Kind::kLess, "", begin};
  }
  return {or_equals ? Kind::kGreaterOrEquals : Kind::kGreater, "", begin};
}

FilterToken FilterLexer::ReadQuoted(char quote, size_t begin) {
  std::string text;
  while (at_ < text_.size()) {
    char c = text_[at_++];
    if (c == quote) return {Kind::kText, text, begin};
    if (c == '\\') {
      if (at_ == text_.size()) break;
      c = text_[at_++];
    }
    text += c;
  }
  return {Kind::kFault, "", begin};
}

}  // namespace goferd::service
