#include "controlplane/link/fan_out.h"

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "server/base/thread.h"

namespace goferd::link {

void FanOut::Run(size_t count, absl::FunctionRef<void(size_t)> ask) const {
  std::atomic<size_t> next = 0;
  const auto run = [&] {
    for (size_t i = next++; i < count; i = next++) {
      if (time_left() <= absl::ZeroDuration()) return;
      ask(i);
    }
  };
  std::vector<gofer::base::Thread> threads;
  while (threads.size() + 1 < std::min(count, kMostThreads)) {
    auto thread = gofer::base::Thread::Start("fan-out", run);
    // Fewer threads will do.
    if (!thread.ok()) break;
    threads.push_back(std::move(*thread));
  }
  run();
  // The threads' destruction waits for them before the members that they use
  // are destroyed.
}

}  // namespace goferd::link
