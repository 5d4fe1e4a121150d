#include "controlplane/supervisor/uuid.h"

#include <sys/random.h>

#include <array>
#include <cstdint>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/base/check.h"

namespace goferd::supervisor {

std::string NewUuid() {
  std::array<char, 16> bytes;
  GOFER_CHECK(::getrandom(bytes.data(), bytes.size(), 0) ==
              static_cast<ssize_t>(bytes.size()));
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
  const std::string hex =
      absl::BytesToHexString(absl::string_view(bytes.data(), bytes.size()));
  const absl::string_view text = hex;
  return absl::StrCat(text.substr(0, 8), "-", text.substr(8, 4), "-",
                      text.substr(12, 4), "-", text.substr(16, 4), "-",
                      text.substr(20));
}

}  // namespace goferd::supervisor
