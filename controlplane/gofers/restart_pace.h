// How soon what has died is started again.

#ifndef GOFERD_CONTROLPLANE_GOFERS_RESTART_PACE_H_
#define GOFERD_CONTROLPLANE_GOFERS_RESTART_PACE_H_

#include <algorithm>
#include <cstdint>

#include "absl/time/time.h"

namespace goferd::gofers {

// A gofer that lived for so long was no failure of its start.
inline constexpr absl::Duration kHealthyLife = absl::Minutes(1);
inline constexpr absl::Duration kFirstPause = absl::Milliseconds(100);
inline constexpr absl::Duration kLongestPause = absl::Seconds(30);

// Before the n-th start in a row, n from 1.
inline absl::Duration PauseBefore(int start) {
  if (start <= 1) return absl::ZeroDuration();
  const int doublings = std::min(start - 2, 20);
  return std::min(kFirstPause * (int64_t{1} << doublings), kLongestPause);
}

}  // namespace goferd::gofers

#endif  // GOFERD_CONTROLPLANE_GOFERS_RESTART_PACE_H_
