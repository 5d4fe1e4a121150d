#include "controlplane/service/paging.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "controlplane/service/fingerprint.h"

namespace goferd::service {
namespace {

using errors::Reason;

// A token is, in base64: its version, the fingerprint of its scope, and the
// position.
constexpr char kVersion = '1';
constexpr size_t kMostTokenBytes = 1024;
constexpr size_t kMostPageBytes = 1 << 20;

std::string Heading(absl::string_view scope) {
  return absl::StrCat(absl::string_view(&kVersion, 1),
                      absl::Hex(Fingerprint({scope}), absl::kZeroPad16));
}

std::optional<std::string> PositionOf(absl::string_view token,
                                      absl::string_view scope) {
  std::string bytes;
  if (token.size() > kMostTokenBytes ||
      !absl::WebSafeBase64Unescape(token, &bytes)) {
    return std::nullopt;
  }
  absl::string_view rest = bytes;
  if (!absl::ConsumePrefix(&rest, Heading(scope)) || rest.empty()) {
    return std::nullopt;
  }
  return std::string(rest);
}

}  // namespace

Page::Page(errors::FieldViolations& violations, int32_t page_size,
           absl::string_view page_token, std::string scope, size_t default_size)
    : scope_(std::move(scope)), size_(default_size) {
  if (page_size < 0) {
    violations.Add("page_size", "must not be negative; 0 means the default");
  } else if (page_size > 0) {
    size_ = std::min(static_cast<size_t>(page_size), kMostPageSize);
  }
  if (page_token.empty()) return;
  if (auto position = PositionOf(page_token, scope_)) {
    after_ = *std::move(position);
  } else {
    violations.Add("page_token",
                   "must be the next_page_token of a list with the same parent "
                   "and filter; begin again without one",
                   Reason::PAGE_TOKEN_MISMATCH);
  }
}

bool Page::Take(absl::string_view position, size_t bytes) {
  if (taken_ == size_ || (taken_ > 0 && bytes_ + bytes > kMostPageBytes)) {
    has_more_ = true;
    return false;
  }
  ++taken_;
  bytes_ += bytes;
  last_ = std::string(position);
  return true;
}

std::string Page::next_token() const {
  if (!has_more_) return "";
  return absl::WebSafeBase64Escape(absl::StrCat(Heading(scope_), last_));
}

std::string PageScope(const auth::MethodPolicy& method,
                      absl::string_view parent, absl::string_view filter) {
  // The service's name is left out, so that tokens stay valid when goferd is
  // updated.
  return absl::StrCat(method.short_name(), "\n", parent, "\n", filter);
}

}  // namespace goferd::service
