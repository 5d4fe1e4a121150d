#include "server/worker/inherited_fds.h"

#include <unistd.h>

#include <algorithm>
#include <climits>

namespace gofer::worker {

void CloseOtherFds(std::vector<int> keep) {
  std::sort(keep.begin(), keep.end());
  unsigned next = STDERR_FILENO + 1;
  for (const int fd : keep) {
    if (fd <= STDERR_FILENO) continue;
    const auto kept = static_cast<unsigned>(fd);
    if (kept > next) ::close_range(next, kept - 1, 0);
    next = std::max(next, kept + 1);
  }
  ::close_range(next, UINT_MAX, 0);
}

}  // namespace gofer::worker
