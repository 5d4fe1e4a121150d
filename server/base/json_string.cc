#include "server/base/json_string.h"

#include <cstddef>
#include <cstdint>

namespace gofer::base {
namespace {

constexpr char kReplacement[] = "\xEF\xBF\xBD";

struct Character {
  // 0: the bytes are no character.
  size_t size = 0;
  uint32_t code = 0;
};

// The form of a character, told by its first byte; `least` is the smallest code
// that needs this size.
struct Form {
  size_t size;
  uint32_t bits;
  uint32_t least;
};

Form ReadForm(unsigned char first) {
  if (first < 0x80) return {1, first, 0};
  if (first >= 0xC0 && first < 0xE0) return {2, first & 0x1Fu, 0x80};
  if (first >= 0xE0 && first < 0xF0) return {3, first & 0x0Fu, 0x800};
  if (first >= 0xF0 && first < 0xF8) return {4, first & 0x07u, 0x10000};
  return {0, 0, 0};
}

// The first character of `bytes`, which has one byte or more.
Character Decode(absl::string_view bytes) {
  const Form form = ReadForm(static_cast<unsigned char>(bytes[0]));
  if (form.size == 0 || form.size > bytes.size()) return {};
  uint32_t code = form.bits;
  for (size_t i = 1; i < form.size; ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    if ((byte & 0xC0) != 0x80) return {};
    code = code << 6 | (byte & 0x3Fu);
  }
  const bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (code < form.least || code > 0x10FFFF || is_surrogate) return {};
  return {form.size, code};
}

bool IsEscaped(uint32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x2028 ||
         code == 0x2029;
}

// Every code that IsEscaped names has four digits.
void AppendEscape(uint32_t code, std::string* to) {
  constexpr char kDigits[] = "0123456789abcdef";
  to->append("\\u");
  for (int shift = 12; shift >= 0; shift -= 4) {
    to->push_back(kDigits[code >> shift & 0xFu]);
  }
}

}  // namespace

void AppendJsonString(absl::string_view bytes, std::string* to) {
  to->push_back('"');
  while (!bytes.empty()) {
    const Character next = Decode(bytes);
    if (next.size == 0) {
      to->append(kReplacement);
      bytes.remove_prefix(1);
      continue;
    }
    if (next.code == '"' || next.code == '\\') {
      to->push_back('\\');
      to->push_back(bytes[0]);
    } else if (next.code == '\n') {
      to->append("\\n");
    } else if (IsEscaped(next.code)) {
      AppendEscape(next.code, to);
    } else {
      to->append(bytes.data(), next.size);
    }
    bytes.remove_prefix(next.size);
  }
  to->push_back('"');
}

}  // namespace gofer::base
