#include "controlplane/service/utf8.h"

#include <cstddef>
#include <cstdint>

namespace goferd::service {
namespace {

// The bytes that may follow a lead byte: their number, and the range of the
// first.
struct Tail {
  size_t length;
  uint8_t least;
  uint8_t most;
};

constexpr size_t kNoLead = SIZE_MAX;

Tail TailOf(uint8_t lead) {
  if (lead < 0x80) return {0, 0, 0};
  if (lead < 0xc2) return {kNoLead, 0, 0};
  if (lead < 0xe0) return {1, 0x80, 0xbf};
  if (lead == 0xe0) return {2, 0xa0, 0xbf};
  if (lead == 0xed) return {2, 0x80, 0x9f};
  if (lead < 0xf0) return {2, 0x80, 0xbf};
  if (lead == 0xf0) return {3, 0x90, 0xbf};
  if (lead < 0xf4) return {3, 0x80, 0xbf};
  if (lead == 0xf4) return {3, 0x80, 0x8f};
  return {kNoLead, 0, 0};
}

}  // namespace

bool IsUtf8(absl::string_view bytes) {
  for (size_t i = 0; i < bytes.size();) {
    const Tail tail = TailOf(static_cast<uint8_t>(bytes[i++]));
    if (tail.length > bytes.size() - i) return false;
    for (size_t k = 0; k < tail.length; ++k) {
      const auto byte = static_cast<uint8_t>(bytes[i++]);
      if (byte < (k == 0 ? tail.least : 0x80)) return false;
      if (byte > (k == 0 ? tail.most : 0xbf)) return false;
    }
  }
  return true;
}

}  // namespace goferd::service
