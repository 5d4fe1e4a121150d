// WalkInSlices: walks through all resources without holding the model's lock
// all the time.

#ifndef GOFERD_CONTROLPLANE_SERVICE_WALK_IN_SLICES_H_
#define GOFERD_CONTROLPLANE_SERVICE_WALK_IN_SLICES_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace goferd::service {

inline constexpr size_t kSlice = 1024;

// Calls `visit`, such as Servers::Visit, until no resource is left behind
// `after` or `see` has returned false. A later slice begins behind the
// `position` of a resource. Returns the revision of the first slice: a watch
// from there sends all changes that happen meanwhile.
template <class Resource>
absl::StatusOr<int64_t> WalkInSlices(
    std::string after,
    absl::FunctionRef<absl::StatusOr<int64_t>(
        absl::string_view, absl::FunctionRef<bool(const Resource&)>)>
        visit,
    absl::FunctionRef<std::string(const Resource&)> position,
    absl::FunctionRef<bool(const Resource&)> see) {
  std::optional<int64_t> revision;
  while (true) {
    size_t seen = 0;
    std::string next;
    const auto now = visit(after, [&](const Resource& resource) {
      if (!see(resource)) return false;
      if (++seen < kSlice) return true;
      next = position(resource);
      return false;
    });
    if (!now.ok()) return now.status();
    if (!revision) revision = *now;
    if (next.empty()) return *revision;
    after = std::move(next);
  }
}

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_WALK_IN_SLICES_H_
