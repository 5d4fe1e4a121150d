// IsUtf8: whether bytes are text.

#ifndef GOFERD_CONTROLPLANE_SERVICE_UTF8_H_
#define GOFERD_CONTROLPLANE_SERVICE_UTF8_H_

#include "absl/strings/string_view.h"

namespace goferd::service {

// Whether the bytes are well-formed by table 3-7 of the Unicode standard: they
// have no overlong forms, no surrogates, and nothing past U+10FFFF.
bool IsUtf8(absl::string_view bytes);

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_UTF8_H_
