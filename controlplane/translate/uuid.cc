#include "controlplane/translate/uuid.h"

#include <openssl/sha.h>
#include <sys/random.h>

#include <array>
#include <cstring>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/base/check.h"

namespace goferd::translate {

namespace {

using Bytes = std::array<char, 16>;

std::string ToText(Bytes bytes, int version) {
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | (version << 4));
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
  const std::string hex =
      absl::BytesToHexString(absl::string_view(bytes.data(), bytes.size()));
  const absl::string_view text = hex;
  return absl::StrCat(text.substr(0, 8), "-", text.substr(8, 4), "-",
                      text.substr(12, 4), "-", text.substr(16, 4), "-",
                      text.substr(20));
}

}  // namespace

std::string NewUuid() {
  Bytes bytes;
  GOFER_CHECK(::getrandom(bytes.data(), bytes.size(), 0) ==
              static_cast<ssize_t>(bytes.size()));
  return ToText(bytes, 4);
}

std::string UuidOf(absl::string_view text) {
  unsigned char hash[SHA256_DIGEST_LENGTH];
  ::SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
           hash);
  Bytes bytes;
  std::memcpy(bytes.data(), hash, bytes.size());
  return ToText(bytes, 8);
}

}  // namespace goferd::translate
