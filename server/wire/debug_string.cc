#include "server/wire/debug_string.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

namespace gofer::wire::internal {

void ShowUnsigned(uint64_t value, Show show, std::string& text) {
  char digits[32];
  switch (show) {
    case Show::kDecimal:
      std::snprintf(digits, sizeof(digits), "%" PRIu64, value);
      break;
    case Show::kOctal:
      std::snprintf(digits, sizeof(digits), "%#" PRIo64, value);
      break;
    case Show::kHex:
      std::snprintf(digits, sizeof(digits), "%#" PRIx64, value);
      break;
  }
  text += digits;
}

void ShowSigned(int64_t value, Show show, std::string& text) {
  if (value >= 0) return ShowUnsigned(static_cast<uint64_t>(value), show, text);
  text += '-';
  ShowUnsigned(uint64_t{0} - static_cast<uint64_t>(value), show, text);
}

void ShowString(absl::string_view value, std::string& text) {
  const size_t shown = std::min(value.size(), kMaxShownBytes);
  text += '"';
  for (const char c : value.substr(0, shown)) {
    if (c == '"' || c == '\\') {
      text += '\\';
      text += c;
    } else if (c >= 0x20 && c < 0x7F) {
      text += c;
    } else {
      char escape[8];
      std::snprintf(escape, sizeof(escape), "\\x%02x",
                    static_cast<unsigned>(static_cast<unsigned char>(c)));
      text += escape;
    }
  }
  text += '"';
  ShowCutOff(value.size() - shown, "bytes more", text);
}

void ShowCutOff(size_t left_out, absl::string_view what, std::string& text) {
  if (left_out == 0) return;
  text += "... ";
  ShowUnsigned(left_out, Show::kDecimal, text);
  text += ' ';
  text.append(what.data(), what.size());
}

}  // namespace gofer::wire::internal
