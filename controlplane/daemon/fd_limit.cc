#include "controlplane/daemon/fd_limit.h"

#include <sys/resource.h>

#include <cerrno>
#include <cstring>

#include "server/base/log.h"

namespace goferd::daemon {

void RaiseFdLimit() {
  rlimit limit = {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    if (::setrlimit(RLIMIT_NOFILE, &limit) == 0) return;
  }
  gofer::base::Log().warn("RLIMIT_NOFILE cannot be raised: {}",
                          std::strerror(errno));
}

}  // namespace goferd::daemon
