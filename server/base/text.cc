#include "server/base/text.h"

#include <cstdint>

namespace gofer::base {
namespace {

bool Continues(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

// The length of the character that `text` begins with; 0 when the bytes are no
// character or when the character moves a terminal.
size_t LengthOfPrintable(absl::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  if (first < 0x80) return first >= 0x20 && first != 0x7F ? 1 : 0;
  size_t length = 0;
  uint32_t code = 0;
  // The smallest code that needs this many bytes.
  uint32_t least = 0;
  if ((first & 0xE0) == 0xC0) {
    length = 2, code = first & 0x1F, least = 0xA0;
  } else if ((first & 0xF0) == 0xE0) {
    length = 3, code = first & 0x0F, least = 0x800;
  } else if ((first & 0xF8) == 0xF0) {
    length = 4, code = first & 0x07, least = 0x10000;
  }
  if (length == 0 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if (!Continues(text[i])) return 0;
    code = (code << 6) | (static_cast<unsigned char>(text[i]) & 0x3F);
  }
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  return code >= least && code <= 0x10FFFF && !surrogate ? length : 0;
}

}  // namespace

absl::string_view CutText(absl::string_view text, size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  while (max_bytes > 0 && Continues(text[max_bytes])) --max_bytes;
  return text.substr(0, max_bytes);
}

std::string PlainText(absl::string_view text, size_t max_bytes) {
  text = CutText(text, max_bytes);
  std::string plain;
  plain.reserve(text.size());
  while (!text.empty()) {
    const size_t length = LengthOfPrintable(text);
    if (length == 0) {
      plain.push_back('?');
    } else {
      plain.append(text.data(), length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return plain;
}

}  // namespace gofer::base
