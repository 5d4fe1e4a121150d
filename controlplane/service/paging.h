// Paging: decides which resources of a list are in one answer.

#ifndef GOFERD_CONTROLPLANE_SERVICE_PAGING_H_
#define GOFERD_CONTROLPLANE_SERVICE_PAGING_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "controlplane/auth/method_policy.h"
#include "controlplane/errors/error.h"

namespace goferd::service {

inline constexpr size_t kDefaultPageSize = 50;
inline constexpr size_t kMostPageSize = 1000;

// One page of a list. Its size is bounded by the request and by about a
// mebibyte: clients of gRPC refuse larger messages by default.
class Page {
 public:
  // Reads page_size and page_token. A token is only good for its `scope`, which
  // names the method, its parent and its filter. Violations are about the
  // fields "page_size" and "page_token" (PAGE_TOKEN_MISMATCH).
  Page(errors::FieldViolations& violations, int32_t page_size,
       absl::string_view page_token, std::string scope,
       size_t default_size = kDefaultPageSize);

  // The last position on the page before; empty on the first page.
  const std::string& after() const { return after_; }
  bool is_first() const { return after_.empty(); }

  // Takes a resource of `bytes` if it still fits; the next page begins after
  // `position` then. Returns false when it does not fit: there is a next page.
  bool Take(absl::string_view position, size_t bytes);

  // The token of the next page; empty on the last page.
  std::string next_token() const;

 private:
  const std::string scope_;
  size_t size_;
  std::string after_;
  std::string last_;
  size_t taken_ = 0;
  size_t bytes_ = 0;
  bool has_more_ = false;
};

// Makes the scope of tokens of `method`.
std::string PageScope(const auth::MethodPolicy& method,
                      absl::string_view parent, absl::string_view filter);

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_PAGING_H_
