// NewUuid, UuidOf: names for things that must never be confused.

#ifndef GOFERD_CONTROLPLANE_TRANSLATE_UUID_H_
#define GOFERD_CONTROLPLANE_TRANSLATE_UUID_H_

#include <string>

#include "absl/strings/string_view.h"

namespace goferd::translate {

// Makes a random UUID (version 4), in lower case.
std::string NewUuid();
// Makes a UUID from the SHA-256 of `text` (version 8): equal texts have equal
// UUIDs.
std::string UuidOf(absl::string_view text);

}  // namespace goferd::translate

#endif  // GOFERD_CONTROLPLANE_TRANSLATE_UUID_H_
