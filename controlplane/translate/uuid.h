// NewUuid, UuidOf: names for things that must never be confused.

#ifndef GOFERD_CONTROLPLANE_TRANSLATE_UUID_H_
#define GOFERD_CONTROLPLANE_TRANSLATE_UUID_H_

#include <string>

#include "absl/strings/string_view.h"

namespace goferd::translate {

// A random UUID (version 4), in lower case.
std::string NewUuid();
// The same for the same text (version 8, of a SHA-256).
std::string UuidOf(absl::string_view text);

}  // namespace goferd::translate

#endif  // GOFERD_CONTROLPLANE_TRANSLATE_UUID_H_
