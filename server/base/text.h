// Texts of others, made fit to be shown.

#ifndef GOFER_SERVER_BASE_TEXT_H_
#define GOFER_SERVER_BASE_TEXT_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace gofer::base {

// At most `max_bytes` of `text`, without a UTF-8 character cut in two.
absl::string_view CutText(absl::string_view text, size_t max_bytes);

// The same as one line of valid UTF-8: a question mark in place of each control
// character, and of each byte that is no UTF-8.
std::string PlainText(absl::string_view text, size_t max_bytes);

}  // namespace gofer::base

#endif  // GOFER_SERVER_BASE_TEXT_H_
