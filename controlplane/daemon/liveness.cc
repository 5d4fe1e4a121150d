#include "controlplane/daemon/liveness.h"

#include <utility>

#include "server/base/log.h"

namespace goferd::daemon {

Liveness::Liveness(std::vector<Looked> threads) {
  for (Looked& looked : threads) {
    threads_.push_back(
        {std::move(looked), std::make_shared<std::atomic<bool>>(true)});
  }
}

bool Liveness::Check() {
  for (const Thread& thread : threads_) {
    if (*thread.has_run) continue;
    if (!std::exchange(told_, true)) {
      gofer::base::Log().error(
          "the {} thread hangs: no more signs of life to the service manager",
          thread.looked.name);
    }
    return false;
  }
  told_ = false;
  for (const Thread& thread : threads_) {
    *thread.has_run = false;
    thread.looked.post([has_run = thread.has_run] { *has_run = true; });
  }
  return true;
}

}  // namespace goferd::daemon
