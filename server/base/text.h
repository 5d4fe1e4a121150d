// CutText and PlainText: texts that others chose, made fit to be shown.

#ifndef GOFER_SERVER_BASE_TEXT_H_
#define GOFER_SERVER_BASE_TEXT_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace gofer::base {

// Returns at most `max_bytes` of `text`, without cutting a UTF-8 character in
// two.
absl::string_view CutText(absl::string_view text, size_t max_bytes);

// Returns the same as one line of valid UTF-8: each control character, and each
// byte that is no UTF-8, becomes a question mark.
std::string PlainText(absl::string_view text, size_t max_bytes);

}  // namespace gofer::base

#endif  // GOFER_SERVER_BASE_TEXT_H_
