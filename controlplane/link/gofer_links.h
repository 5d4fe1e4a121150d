// GoferLinks: the links to gofers, while somebody has them.

#ifndef GOFERD_CONTROLPLANE_LINK_GOFER_LINKS_H_
#define GOFERD_CONTROLPLANE_LINK_GOFER_LINKS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "controlplane/link/gofer_link.h"
#include "server/base/mutex.h"

namespace goferd::link {

// Makes links and knows those that live, so that goferd's end need not wait for
// what gofers are asked. Thread-safe; its lock is the last.
class GoferLinks {
 public:
  // See GoferLink's constructor. After GiveUp, one that answers nothing.
  std::shared_ptr<GoferLink> Make(std::unique_ptr<worker::GoferClient> client,
                                  absl::Duration timeout,
                                  std::string server_name);

  // All who ask fail with GOFER_UNREACHABLE, now and later.
  void GiveUp();

 private:
  gofer::base::Mutex mu_;
  bool given_up_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<std::weak_ptr<GoferLink>> links_ ABSL_GUARDED_BY(mu_);
};

}  // namespace goferd::link

#endif  // GOFERD_CONTROLPLANE_LINK_GOFER_LINKS_H_
