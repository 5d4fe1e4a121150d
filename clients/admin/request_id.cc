#include "clients/admin/request_id.h"

#include <cstdint>

#include "absl/random/random.h"
#include "absl/strings/str_format.h"

namespace goferd::client {
namespace {

uint64_t RandomBits() {
  thread_local absl::BitGen generator;
  return absl::Uniform<uint64_t>(generator);
}

}  // namespace

std::string NewRequestId() {
  const uint64_t high = RandomBits();
  const uint64_t low = RandomBits();
  return absl::StrFormat(
      "%08x-%04x-4%03x-%04x-%012x", high >> 32, (high >> 16) & 0xffff,
      high & 0xfff, 0x8000 | ((low >> 48) & 0x3fff), low & 0xffff'ffff'ffff);
}

std::string NewIdSuffix() { return absl::StrFormat("%016x", RandomBits()); }

}  // namespace goferd::client
