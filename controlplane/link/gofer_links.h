// GoferLinks: finds all links to gofers that still exist.

#ifndef GOFERD_CONTROLPLANE_LINK_GOFER_LINKS_H_
#define GOFERD_CONTROLPLANE_LINK_GOFER_LINKS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "controlplane/link/gofer_link.h"
#include "server/base/mutex.h"

namespace goferd::link {

// Makes links and knows the living ones, so that goferd's end need not wait for
// gofers' answers. Thread-safe; no other lock is taken under its lock.
class GoferLinks {
 public:
  // Makes a link; see GoferLink's constructor. After GiveUp all its calls fail.
  std::shared_ptr<GoferLink> Make(std::unique_ptr<worker::GoferClient> client,
                                  absl::Duration timeout,
                                  std::string server_name);

  // Makes all calls fail with GOFER_UNREACHABLE, now and later.
  void GiveUp();

 private:
  gofer::base::Mutex mu_;
  bool given_up_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<std::weak_ptr<GoferLink>> links_ ABSL_GUARDED_BY(mu_);
};

}  // namespace goferd::link

#endif  // GOFERD_CONTROLPLANE_LINK_GOFER_LINKS_H_
