// IsSafeName: the test that every single path component from a client passes
// before a backend sees it.

#ifndef GOFER_SERVER_BASE_SAFE_NAME_H_
#define GOFER_SERVER_BASE_SAFE_NAME_H_

#include "absl/strings/string_view.h"

namespace gofer::base {

// True when `name` is not empty, not "." or "..", and holds neither '/' nor NUL
// (a NUL would make the kernel see another, shorter name). Length is left to
// the file system. Source: gVisor pkg/lisafs/handlers.go, Nov 2023; NUL is
// refused there by the system call wrappers.
inline bool IsSafeName(absl::string_view name) {
  if (name.empty() || name == "." || name == "..") return false;
  for (const char c : name) {
    if (c == '/' || c == '\0') return false;
  }
  return true;
}

// True when `text` can be passed to the kernel as a C string unchanged.
inline bool HasNoNul(absl::string_view text) {
  return text.find('\0') == absl::string_view::npos;
}

}  // namespace gofer::base

#endif  // GOFER_SERVER_BASE_SAFE_NAME_H_
