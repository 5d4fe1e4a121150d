// FanOut: asks many gofers at once.

#ifndef GOFERD_CONTROLPLANE_LINK_FAN_OUT_H_
#define GOFERD_CONTROLPLANE_LINK_FAN_OUT_H_

#include <chrono>
#include <cstddef>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"

namespace goferd::link {

// A question to many gofers with one deadline, however many of them hang.
class FanOut {
 public:
  // Fewer hung gofers than this do not hold up the question to other gofers.
  static constexpr size_t kMostThreads = 64;

  explicit FanOut(absl::Duration timeout)
      : deadline_(Clock::now() + absl::ToChronoNanoseconds(timeout)) {}

  // Calls `ask` with each number below `count` whose turn comes before the
  // deadline, on this thread and a few more, and waits for all calls. `ask`
  // must not wait longer than time_left(), or the deadline is missed.
  void Run(size_t count, absl::FunctionRef<void(size_t)> ask) const;

  absl::Duration time_left() const {
    return absl::FromChrono(deadline_ - Clock::now());
  }

 private:
  using Clock = std::chrono::steady_clock;

  const Clock::time_point deadline_;
};

}  // namespace goferd::link

#endif  // GOFERD_CONTROLPLANE_LINK_FAN_OUT_H_
