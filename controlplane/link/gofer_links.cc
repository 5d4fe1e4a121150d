#include "controlplane/link/gofer_links.h"

#include <utility>

namespace goferd::link {

using gofer::base::MutexLock;

std::shared_ptr<GoferLink> GoferLinks::Make(
    std::unique_ptr<worker::GoferClient> client, absl::Duration timeout,
    std::string server_name) {
  auto link = std::make_shared<GoferLink>(std::move(client), timeout,
                                          std::move(server_name));
  MutexLock lock(mu_);
  std::erase_if(links_, [](const auto& weak) { return weak.expired(); });
  links_.push_back(link);
  if (given_up_) link->GiveUp();
  return link;
}

void GoferLinks::GiveUp() {
  // A link's last reference may be dropped here, which must not happen under
  // the lock.
  std::vector<std::shared_ptr<GoferLink>> links;
  {
    MutexLock lock(mu_);
    given_up_ = true;
    for (const auto& weak : links_) {
      if (auto link = weak.lock()) links.push_back(std::move(link));
    }
  }
  for (const auto& link : links) link->GiveUp();
}

}  // namespace goferd::link
