// IsLabelKey: what the labels of a resource may be.

#ifndef GOFERD_CONTROLPLANE_NAMES_LABEL_H_
#define GOFERD_CONTROLPLANE_NAMES_LABEL_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace goferd::names {

// A resource has at most so many labels. Keys and values have at most so many
// bytes; values are UTF-8.
inline constexpr int kMostLabels = 64;
inline constexpr size_t kMostLabelBytes = 63;

// `[a-z0-9]([a-z0-9._/-]{0,61}[a-z0-9])?`.
bool IsLabelKey(absl::string_view key);

}  // namespace goferd::names

#endif  // GOFERD_CONTROLPLANE_NAMES_LABEL_H_
