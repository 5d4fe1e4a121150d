#include "controlplane/names/label.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace goferd::names {
namespace {

bool IsEndOfKey(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return absl::ascii_islower(byte) || absl::ascii_isdigit(byte);
}

}  // namespace

bool IsLabelKey(absl::string_view key) {
  if (key.empty() || key.size() > kMostLabelBytes) return false;
  return IsEndOfKey(key.front()) && IsEndOfKey(key.back()) &&
         std::all_of(key.begin(), key.end(), [](char c) {
           return IsEndOfKey(c) || c == '.' || c == '_' || c == '/' || c == '-';
         });
}

}  // namespace goferd::names
